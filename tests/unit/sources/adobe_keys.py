"""Key pairs and signatures as an Adobe Commerce shop, and Adobe itself, make them."""

from __future__ import annotations

from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SHOP_PAIR = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ADOBE_PAIR = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(pair: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """Return a pair's public key as the admin pages show it."""
    return pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signature(pair: rsa.RSAPrivateKey, signed: bytes) -> str:
    """Return the signature as a header carries it."""
    return b64encode(pair.sign(signed, PKCS1v15(), SHA256())).decode()


def webhook_headers(body: bytes, pair: rsa.RSAPrivateKey = SHOP_PAIR) -> dict[str, str]:
    """Return the headers of a signed Commerce webhook."""
    shown = signature(pair, b64encode(body))
    return {"Content-Type": "application/json", "x-adobe-commerce-webhook-signature": shown}


def event_headers(body: bytes, pair: rsa.RSAPrivateKey = ADOBE_PAIR) -> dict[str, str]:
    """Return the headers of a delivery of I/O Events: two signatures, of which the second is of a key we know."""
    return {
        "Content-Type": "application/cloudevents+json",
        "x-adobe-digital-signature-1": signature(SHOP_PAIR, b"something else"),
        "x-adobe-digital-signature-2": signature(pair, body),
        "x-adobe-public-key1-path": "/prod/keys/pub-key-test-1.pem",
        "x-adobe-public-key2-path": "/prod/keys/pub-key-test-2.pem",
    }
