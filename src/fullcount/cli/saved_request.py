"""A request that was saved to a file: as HTTP writes it, or its body alone with headers said beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fullcount.errors import ConfigError
from fullcount.sources.source import RawRequest

_REQUEST_LINE = re.compile(rb"^(?P<method>[A-Z]{3,8}) (?P<target>\S+)(?: HTTP/[0-9.]+)?\r?\n")
_BLANK_LINE = re.compile(rb"(?:\A|\r?\n)\r?\n")


def read_saved(saved: bytes, headers: Sequence[str], query: str, now: float) -> RawRequest:
    """Return the request of a file that begins with a request line (`POST /webhooks/shop HTTP/1.1`), or is a body.

    `headers` ("Name: value") and `query` come on top; `now` is in Unix seconds.

    Raises:
        ConfigError: a header is not written as "Name: value".
    """
    method, target, held, body = "POST", "", {}, saved
    line = _REQUEST_LINE.match(saved)
    if line is not None:
        rest = saved[line.end() :]
        blank = _BLANK_LINE.search(rest)
        head, body = (rest[: blank.start()], rest[blank.end() :]) if blank else (rest, b"")
        method, target = line["method"].decode(), line["target"].decode("latin-1")
        held = _headers(head.decode("latin-1").splitlines(), where="the file's headers")
    held |= _headers(headers, where="--header")
    path, _, said = target.partition("?")
    return RawRequest(body, method, path, "&".join(part for part in (said, query.lstrip("?")) if part), held, None, now)


def _headers(lines: Sequence[str], where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or " " in name.strip():
            raise ConfigError("not a header", where=where, fix='write it as "X-Shopify-Topic: orders/paid"')
        found[name.strip().lower()] = value.strip()
    return found
