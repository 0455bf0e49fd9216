"""Advertising ids of devices: raw in the case that each platform uses, or hashed by the sender."""

from __future__ import annotations

from fullcount.events.free_text import holds_identifier
from fullcount.events.problem_list import ProblemList
from fullcount.identity.digest import is_digest
from fullcount.identity.placeholders import DEVICES, DIGESTS, is_placeholder


def read_idfa(given: str | None, problems: ProblemList) -> str | None:
    """Return Apple's id: raw in upper case, a SHA-256 in lower case; the all-zero id is dropped."""
    low = _usable(given, "user.idfa", problems)
    return low if low is None or is_digest(low) else low.upper()


def read_gaid(given: str | None, problems: ProblemList) -> str | None:
    """Return Google's id in lower case, raw or as SHA-256; the all-zero id is dropped."""
    return _usable(given, "user.gaid", problems)


def _usable(given: str | None, path: str, problems: ProblemList) -> str | None:
    low = given.strip().lower() if given else ""
    if not low:
        return None
    if low in DEVICES or low in DIGESTS or is_placeholder(low) or holds_identifier(low):
        reason = "not a device's id: all zeros (the person has switched tracking off), a placeholder, or an address"
        problems.drop(path, "placeholder", reason, "leave the field out")
        return None
    return low
