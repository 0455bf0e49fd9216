"""People whose plain identifiers are known: their wrong hashes can then be told from right ones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from fullcount.emulator.complaints import (
    DIGITS_ONLY_PHONE,
    DOUBLE_HASH,
    EMPTY_HASH,
    EXTERNAL_ID_CASE,
    NATIONAL_PHONE,
    PLACEHOLDER_HASH,
    UNNORMALISED,
    Complaint,
)

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_PLACEHOLDERS = ("undefined", "null", "none", "None", "nan", "NaN", "(null)", "[object Object]", "test@test.com")


class KnownPeople:
    """Which digests are mistakes, and which mistake; `look_up` is all that the hot path needs."""

    def __init__(self) -> None:
        self._wrong: dict[str, Complaint] = {_digest(text): PLACEHOLDER_HASH for text in _PLACEHOLDERS}
        self._wrong[_digest("")] = EMPTY_HASH
        self._right: set[str] = set()
        self.look_up = self._wrong.get

    def learn(
        self, *, emails: Iterable[str] = (), phones: Iterable[str] = (), external_ids: Iterable[str] = ()
    ) -> None:
        """Learn plain identifiers, or right digests of them; phones in E.164 with `+`."""
        for email in emails:
            if not self._learn_digest(email):
                self._learn_email(email)
        for phone in phones:
            if not self._learn_digest(phone):
                self._learn_phone(phone)
        for external_id in external_ids:
            if not self._learn_digest(external_id):
                self._learn_external_id(external_id)

    def _learn_email(self, email: str) -> None:
        right = email.strip().lower()
        self._learn_right(_digest(right))
        local, _, domain = right.partition("@")
        variants = {email, right.upper(), right.title(), right.capitalize(), f"{local.upper()}@{domain}"}
        variants |= {f" {right}", f"{right} ", f"{right}\n", f" {right} "}
        self._add_wrong(UNNORMALISED, variants)

    def _learn_phone(self, phone: str) -> None:
        digits = re.sub(r"\D", "", phone)
        self._learn_right(_digest(f"+{digits}"))
        self._add_wrong(DIGITS_ONLY_PHONE, {digits, f"00{digits}"})
        national = {digits[cut:] for cut in (1, 2, 3)}
        self._add_wrong(NATIONAL_PHONE, national | {f"0{number}" for number in national})
        self._add_wrong(UNNORMALISED, {phone, f" +{digits}", f"+{digits} "})

    def _learn_external_id(self, external_id: str) -> None:
        self._learn_right(_digest(external_id.strip()))
        self._add_wrong(EXTERNAL_ID_CASE, {external_id.strip().lower()})
        self._add_wrong(UNNORMALISED, {external_id, external_id.strip().upper()})

    def _learn_digest(self, text: str) -> bool:
        if not _SHA256.fullmatch(text):
            return False
        self._learn_right(text.lower())
        return True

    def _learn_right(self, digest: str) -> None:
        self._right.add(digest)
        self._wrong.pop(digest, None)
        self._add_wrong(DOUBLE_HASH, {digest, digest.upper()})

    def _add_wrong(self, complaint: Complaint, variants: Iterable[str]) -> None:
        for variant in variants:
            digest = _digest(variant)
            if digest not in self._right:
                self._wrong.setdefault(digest, complaint)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
