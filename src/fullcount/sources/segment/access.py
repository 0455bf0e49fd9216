"""Who may send: the write key, in any of the places where SDKs put it."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Any

import msgspec

from fullcount.events.model import names_only
from fullcount.sources.payload import is_key
from fullcount.sources.source import RawRequest


class _Keyed(msgspec.Struct, gc=False):
    writeKey: Any = None  # noqa: N815 - as it is spelled in the body

    __repr__ = names_only


_decoder = msgspec.json.Decoder(_Keyed)


def shows_write_key(request: RawRequest, keys: tuple[str, ...]) -> bool:
    """Say whether the request shows one of the write keys.

    Basic authentication decides where it is there. A Bearer token is OAuth's and cannot be checked here, so that with
    it, or without a header, `writeKey` in the body decides; a Bearer token that is the write key itself will do.
    """
    scheme, _, shown = request.header("authorization").strip().partition(" ")
    scheme = scheme.lower()
    if scheme == "basic":
        return is_key(_user(shown), keys)
    is_bearer = scheme == "bearer" and is_key(shown.strip(), keys)
    return is_key(_key_in(request.body), keys) or is_bearer


def _user(shown: str) -> str | None:
    """Return the user's name of Basic authentication; the colon after it may be missing.

    >>> _user("V0tfRklYVFVSRTo="), _user("V0tfRklYVFVSRQ"), _user("*")
    ('WK_FIXTURE', 'WK_FIXTURE', None)
    """
    try:
        decoded = b64decode(shown.strip() + "==")
    except (binascii.Error, ValueError):
        return None
    return decoded.decode("utf-8", "replace").partition(":")[0] or None


def _key_in(body: bytes) -> str | None:
    try:
        found = _decoder.decode(body).writeKey
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    return found if isinstance(found, str) else None
