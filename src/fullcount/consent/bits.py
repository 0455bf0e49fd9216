"""Reading the IAB's consent strings: web-safe base64 without padding, as bits counted from the left."""

from __future__ import annotations

import base64
import re

LONGEST = 16_384  # characters; a TC string with every vendor named one by one has some 5,000
LARGEST_FIBONACCI_BITS = 24  # no section has an id beyond 46,367
_WEB_SAFE = re.compile(r"[A-Za-z0-9_-]+")


class BitReader:
    """The bits of one segment, read from left to right.

    Raises:
        ValueError: the text is no web-safe base64, is too long, or holds a number that no field can have.
        EOFError: the text ends inside a field.
    """

    __slots__ = ("_at", "_data", "_size")

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST or _WEB_SAFE.fullmatch(text) is None:
            raise ValueError("no web-safe base64")
        self._size = len(text) * 6  # any number of characters: the IAB pads to full ones, not to full bytes
        self._data = base64.urlsafe_b64decode(text + "A" * (-len(text) % 4))
        self._at = 0

    def take(self, width: int) -> int:
        """Return the next `width` bits as a number."""
        start = self._at
        end = self.skip(width)
        last = (end + 7) >> 3
        chunk = int.from_bytes(self._data[start >> 3 : last])
        return (chunk >> (last * 8 - end)) & ((1 << width) - 1)

    def flag(self) -> bool:
        """Return the next bit."""
        return self.take(1) == 1

    def skip(self, width: int) -> int:
        """Pass over `width` bits; return where reading goes on."""
        end = self._at + width
        if end > self._size:
            raise EOFError("the string ends inside a field")
        self._at = end
        return end

    def fibonacci(self) -> int:
        """Return the next number in Fibonacci code: the bits stand for 1, 2, 3, 5, 8, ... and a second 1 ends it."""
        total, weight, heavier, was_one = 0, 1, 2, False
        for _ in range(LARGEST_FIBONACCI_BITS):
            is_one = self.flag()
            if is_one and was_one:
                return total
            total += weight if is_one else 0
            weight, heavier, was_one = heavier, weight + heavier, is_one
        raise ValueError("a number too large for any field")
