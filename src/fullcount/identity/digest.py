"""SHA-256 as TikTok wants it, and what is one already."""

from __future__ import annotations

import re
from hashlib import sha256

_HEX = re.compile(r"[0-9a-fA-F]{64}")


def sha256_hex(normalized: str) -> str:
    """Return the SHA-256 of the text's UTF-8 bytes as 64 lower-case hex digits.

    >>> sha256_hex("+12133734253")  # TikTok's own example
    '9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd'
    """
    return sha256(normalized.encode("utf-8", "replace")).hexdigest()


def is_digest(text: str) -> bool:
    """Return whether the text is a SHA-256 already: 64 hex digits, of either case."""
    return len(text) == 64 and _HEX.fullmatch(text) is not None
