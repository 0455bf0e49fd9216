"""Two ways in which a delivery shows that it is the shop's: a header of ours that it brings back, or a signature."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from fullcount.sources.payload import is_key
from fullcount.sources.source import RawRequest

_VERSION = "v1"
_LONGEST_TIME = 12  # digits


def is_authentic(request: RawRequest, keys: Sequence[str], header: str, tolerance_seconds: float) -> bool:
    """Say whether the delivery is authentic: by the custom header, if one is named, or as Standard Webhooks signs."""
    by_header = bool(header) and is_key(request.header(header.lower()), tuple(keys))
    return _is_signed(request, keys, tolerance_seconds) or by_header


def _is_signed(request: RawRequest, keys: Sequence[str], tolerance_seconds: float) -> bool:
    """Check the HMAC over `id.timestamp.body`; its key is the app's client secret as it stands."""
    message_id, signed_at = request.header("webhook-id"), request.header("webhook-timestamp")
    if not signed_at.isascii() or not signed_at.isdigit() or len(signed_at) > _LONGEST_TIME:
        return False
    pairs = (part.partition(",") for part in request.header("webhook-signature").split())
    shown = [value.encode("latin-1", "replace") for version, _, value in pairs if version == _VERSION]
    payload = b"%s.%s.%s" % (message_id.encode("latin-1", "replace"), signed_at.encode(), request.body)
    found = False
    for key in filter(None, keys):
        made = b64encode(hmac.new(key.encode(), payload, sha256).digest())
        for signature in shown:
            found |= hmac.compare_digest(made, signature)
    is_timely = tolerance_seconds == 0 or abs(request.received_at - int(signed_at)) <= tolerance_seconds
    return found and bool(message_id) and is_timely
