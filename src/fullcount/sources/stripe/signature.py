"""Stripe's signature: `t=<Unix seconds>,v1=<hex>`, several v1 while a secret is rolled, over `<t>.<body>`."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256

_SCHEME = "v1"  # v0 is of no use for live events and is left alone
_LONGEST_TIME = 12  # digits


def is_authentic(body: bytes, header: str, keys: Sequence[str], now: float, tolerance_seconds: float) -> bool:
    """Say whether one of the header's signatures is right under one of the keys, and not too old.

    A key is the endpoint's secret as it stands, `whsec_` included. As Stripe's own library does, only what is too old
    is refused, and nothing if the tolerance is 0 (library 16.1.0, read 2026-11).
    """
    pairs = [part.strip().partition("=") for part in header.split(",")]
    signed_at = next((value for name, _, value in pairs if name == "t"), "")
    if not signed_at.isascii() or not signed_at.isdigit() or len(signed_at) > _LONGEST_TIME:
        return False
    shown = [value.encode("latin-1", "replace") for name, _, value in pairs if name == _SCHEME]
    payload = b"%d.%s" % (int(signed_at), body)
    found = False
    for key in filter(None, keys):
        made = hmac.new(key.encode(), payload, sha256).hexdigest().encode()
        for signature in shown:
            found |= hmac.compare_digest(made, signature)
    return found and (tolerance_seconds == 0 or int(signed_at) >= now - tolerance_seconds)
