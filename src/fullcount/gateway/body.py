"""Reading a request's body: bounded in bytes and time as it streams, inflated within the same bound, and UTF-8 JSON."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import msgspec

from fullcount.gateway.patience import Patience
from fullcount.gateway.reply import Receive
from fullcount.sources.reply import Refusal

_JSON_TYPES = (b"application/json", b"text/json", b"text/plain")
_UTF8_NAMES = (b"utf-8", b"utf8", b"us-ascii", b"ascii")
_GZIP = 31  # zlib's window bits for a gzip header and trailer


class BodyLimits(msgspec.Struct, frozen=True):
    """How large a body may be, before and after inflating, and how long it may take to arrive."""

    max_bytes: int
    patience: Patience
    is_json_only: bool = True  # else whatever its Content-Type says is read


async def read_body(receive: Receive, headers: Mapping[bytes, bytes], limits: BodyLimits) -> bytes | Refusal | None:
    """Return the inflated body, or why it is not taken, or None if the client went away.

    What is over the limit is not kept: the refusal is answered at once, and the server discards what still comes.
    """
    refusal = _refused_head(headers, limits)
    if refusal is not None:
        return refusal
    try:
        body = await limits.patience.wait_for(_received(receive, limits))
    except TimeoutError:
        reason = f"the body did not arrive within {limits.patience.seconds:g} seconds"
        return Refusal(408, "body_slow", reason, "send it again, in one go", headers=((b"connection", b"close"),))
    if not isinstance(body, bytes):
        return body
    return _inflated(body, limits) if headers.get(b"content-encoding", b"").lower() == b"gzip" else body


def _refused_head(headers: Mapping[bytes, bytes], limits: BodyLimits) -> Refusal | None:
    """Return what the headers alone show to be wrong."""
    length = headers.get(b"content-length")
    if length is not None and length.isdigit() and int(length) > limits.max_bytes:
        return _too_large(limits)
    encoding = headers.get(b"content-encoding")
    if encoding is not None and encoding.lower() not in (b"gzip", b"identity", b""):
        return Refusal(415, "encoding_unknown", "the body's Content-Encoding is not known here", "use gzip or none")
    content_type = headers.get(b"content-type")
    is_fine = content_type is None or content_type == b"application/json" or not limits.is_json_only
    return None if is_fine else _refused_type(content_type or b"")


def _refused_type(content_type: bytes) -> Refusal | None:
    media_type, _, parameters = content_type.lower().partition(b";")
    media_type = media_type.strip()
    if media_type and media_type not in _JSON_TYPES and not media_type.endswith(b"+json"):
        return Refusal(415, "not_json", "the body's Content-Type is not JSON", "send Content-Type: application/json")
    for parameter in parameters.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"charset" and value.strip().strip(b'"') not in _UTF8_NAMES:
            return Refusal(400, "not_utf8", "the body's charset is not UTF-8", "send JSON in UTF-8")
    return None


async def _received(receive: Receive, limits: BodyLimits) -> bytes | Refusal | None:
    """Return the body as it came; pieces are joined only if there are several."""
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece: bytes = message.get("body", b"")
        size += len(piece)
        if size > limits.max_bytes:
            return _too_large(limits)
        if not message.get("more_body", False):
            return b"".join((*pieces, piece)) if pieces else piece
        pieces.append(piece)


def _inflated(body: bytes, limits: BodyLimits) -> bytes | Refusal:
    """Return the gzip body's content, of which never more than the limit is in memory."""
    inflater = zlib.decompressobj(_GZIP)
    try:
        content = inflater.decompress(body, limits.max_bytes + 1)
    except zlib.error:
        return Refusal(400, "not_gzip", "the body is not gzip, or is damaged", "compress it again, or send it plain")
    if len(content) > limits.max_bytes:
        return _too_large(limits)
    if not inflater.eof:
        reason = f"the gzip body ends too early, at byte {len(body)}"
        return Refusal(400, "gzip_truncated", reason, "send all of it")
    if inflater.unused_data:
        at = len(body) - len(inflater.unused_data)
        return Refusal(400, "not_gzip", f"the gzip body goes on after its end, at byte {at}", "send one gzip stream")
    return content


def _too_large(limits: BodyLimits) -> Refusal:
    reason = f"the body is larger than {limits.max_bytes:,} bytes"
    return Refusal(413, "body_too_large", reason, "send the events in several calls")
