"""What programs and testers write where an identifier should be: worse than nothing, since it makes strangers one."""

from __future__ import annotations

from fullcount.events.placeholders import WORDS
from fullcount.identity.digest import sha256_hex

EMAILS = frozenset(
    {
        "test@test.com",
        "test@gmail.com",
        "a@a.com",
        "none@none.com",
        "null@null.com",
        "noemail@noemail.com",
        "no@email.com",
        "email@email.com",
        "undefined@undefined.com",
    }
)
PHONES = frozenset({"+10000000000", "+11111111111", "+11234567890", "+1234567890", "+0000000000", "+19999999999"})
DEVICES = frozenset({"00000000-0000-0000-0000-000000000000", "00000000000000000000000000000000"})

# Their digests: of the normal forms, and of the phones without their plus, which is a common mistake besides.
DIGESTS = frozenset(sha256_hex(text) for text in WORDS | EMAILS | PHONES | DEVICES | {p[1:] for p in PHONES})


PLACEHOLDERS = WORDS | EMAILS | PHONES | DEVICES
LONGEST_PLACEHOLDER = max(map(len, PLACEHOLDERS))


def is_placeholder(text: str) -> bool:
    """Return whether a trimmed or normalised identifier is none.

    >>> is_placeholder("Undefined"), is_placeholder("customer@example.com")
    (True, False)
    """
    return text.lower() in PLACEHOLDERS
