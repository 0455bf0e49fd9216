"""RSA signatures: of a shop's webhooks over the body in base64 or as it is, of I/O Events over the body as it is.

Sources, read 2026-11: Adobe's pages on webhook signatures (a public key verifies base64 of the body, though they call
it an HMAC; some samples verify the body itself) and on I/O Events' digital signatures.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from functools import lru_cache
from typing import TYPE_CHECKING

from fullcount.sources.adobe.envelope import documents
from fullcount.sources.adobe.options import AdobeOptions
from fullcount.sources.payload import is_key, text
from fullcount.sources.source import RawRequest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

WEBHOOK_SIGNATURE = "x-adobe-commerce-webhook-signature"
EVENTS_SIGNATURES = ("x-adobe-digital-signature-1", "x-adobe-digital-signature-2")
OWN_KEY = "x-fullcount-key"
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)
_BEARER = re.compile(r"bearer:?\s+(.+)", re.IGNORECASE)  # Adobe's own examples write a colon after the word


@lru_cache(maxsize=32)
def public_keys(pem: str) -> tuple[RSAPublicKey, ...]:
    """Return the RSA public keys of a text in PEM; line ends may be written as a backslash and an n.

    Raises:
        ValueError: it holds none, or one that is no RSA public key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - only a shop with such a key needs it
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - the same

    try:
        loaded = [load_pem_public_key(found[0].encode()) for found in _PEM.finditer(pem.replace("\\n", "\n"))]
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    keys = tuple(key for key in loaded if isinstance(key, RSAPublicKey))
    if not keys or len(keys) < len(loaded):
        raise ValueError("there is no RSA public key in PEM")
    return keys


def opens_by_key(request: RawRequest, keys: tuple[str, ...]) -> bool:
    """Say whether the request shows one of the source's keys, as a Bearer or in a header of ours."""
    bearer = _BEARER.fullmatch(request.header("authorization").strip())
    found = is_key(bearer[1].strip() if bearer else None, keys)
    found |= is_key(request.header(OWN_KEY).strip(), keys)
    return found


def is_signed_webhook(request: RawRequest, options: AdobeOptions) -> bool:
    """Say whether the shop signed the body."""
    body = request.body
    return _verifies(options.public_key, request.header(WEBHOOK_SIGNATURE), (b64encode(body), body))


def is_signed_event(request: RawRequest, options: AdobeOptions) -> bool:
    """Say whether Adobe signed the body, and every event in it is for this shop's own project."""
    signed = [_verifies(options.events_public_key, request.header(name), (request.body,)) for name in EVENTS_SIGNATURES]
    return any(signed) and _is_for(request.body, options.events_client_id)


def _is_for(body: bytes, client_id: str) -> bool:
    recipients = {text(document, "recipient_client_id") for document in documents(body) or ()}
    return bool(client_id) and recipients == {client_id.strip()}


def _verifies(pem: str, shown: str, texts: tuple[bytes, ...]) -> bool:
    if not pem or not shown:
        return False
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only a shop with such a key needs it
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - the same

    try:
        signature = b64decode(shown.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    for key in public_keys(pem):
        for signed in texts:
            try:
                key.verify(signature, signed, PKCS1v15(), SHA256())
            except InvalidSignature:
                continue
            return True
    return False
