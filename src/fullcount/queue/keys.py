"""Keys that stand for a sender's own ids in the store: digests, so that the ids themselves are not kept."""

from __future__ import annotations

from hashlib import blake2b


def request_key(source: str, sender_key: str) -> bytes:
    """Return the 16 bytes by which a repeated request is known: of the sender's own id of the whole request.

    `sender_key` is what the sender repeats when it sends the same thing again: a webhook's id, an event's id.
    """
    return _digest("request", source, sender_key)


def refund_key(source: str, refund_id: str) -> bytes:
    """Return the 16 bytes by which a refund is recorded once."""
    return _digest("refund", source, refund_id)


def errand_key(source: str, what: str) -> bytes:
    """Return the 16 bytes by which an errand is known: `what` it is about, such as an order and its new status."""
    return _digest("errand", source, what)


def _digest(kind: str, source: str, name: str) -> bytes:
    """Return a digest that no event's key and no other kind's can equal, whatever the names hold.

    >>> len(_digest("refund", "shop", "1")), _digest("refund", "shop", "1") == _digest("errand", "shop", "1")
    (16, False)
    """
    text = f"{len(source)}\\x1f{source}{name}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16, person=kind.encode()).digest()
