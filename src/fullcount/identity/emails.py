"""E-mail addresses in the form that TikTok hashes."""

from __future__ import annotations

import re

# One @, something before it, a dotted name after it. Each class excludes the next separator, so this stays linear.
_is_address = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@.<>,;\"]{1,63}(?:\.[^\s@.<>,;\"]{1,63}){1,8}").fullmatch


def normalize_email(text: str) -> str | None:
    """Return the address trimmed and in lower case, or None if it is none.

    >>> normalize_email(" ALICE_abc@gmail.com "), normalize_email("alice at gmail.com")
    ('alice_abc@gmail.com', None)
    """
    address = text.strip().lower()
    return address if _is_address(address) else None
