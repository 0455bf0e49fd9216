"""How a tie is stored: as a digest, so that the store tells nobody's token, order or address."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from fullcount.events.tie import Tie, TieKind

_PRECEDENCE = {kind: place for place, kind in enumerate(TieKind)}


def tie_digest(tie: Tie) -> bytes:
    """Return the 16 bytes that a tie is stored under.

    >>> a, b = Tie(TieKind.ORDER_ID, "12345"), Tie(TieKind.CART_TOKEN, "12345")
    >>> len(tie_digest(a)), tie_digest(a) == tie_digest(b)
    (16, False)
    """
    text = f"{tie.kind}\x1f{tie.value}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=16, person=b"tie").digest()


def digests_of(ties: Iterable[Tie], most: int) -> list[bytes]:
    """Return the digests of the ties, the most specific first, each once and at most so many; empty ones tie nothing.

    >>> len(digests_of([Tie(TieKind.EMAIL, "a" * 64), Tie(TieKind.VISITOR, ""), Tie(TieKind.VISITOR, "v")], 64))
    2
    """
    telling = sorted((tie for tie in ties if tie.value), key=lambda tie: _PRECEDENCE[tie.kind])
    return list(dict.fromkeys(tie_digest(tie) for tie in telling))[:most]
