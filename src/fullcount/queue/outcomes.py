"""The closed list: how an event or a delivery can end, and why."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The final fate of an event or delivery."""

    DELIVERED = "delivered"
    MERGED = "merged"
    DUPLICATE = "duplicate"
    WITHHELD = "withheld"
    INVALID = "invalid"
    DEAD = "dead"
    TEST = "test"


class Reason(StrEnum):
    """Why it ended so. Delivered, merged, duplicate, invalid and test need none."""

    NONE = ""
    CONSENT_DENIED = "consent_denied"
    CONSENT_UNKNOWN = "consent_unknown"
    OPT_OUT_SIGNAL = "opt_out_signal"
    BOT = "bot"
    NO_SHARED_EVENT_ID = "no_shared_event_id"
    OBSERVE_ONLY = "observe_only"
    REJECTED_BY_TIKTOK = "rejected_by_tiktok"
    TOO_OLD = "too_old"
    DEDUP_WINDOW_PASSED = "dedup_window_passed"
    UNKNOWN_AT_TIKTOK = "unknown_at_tiktok"
    SOURCE_REMOVED = "source_removed"
    PURGED = "purged"


# A death that frees the key, so that a corrected resend is a new event (the other deaths keep it).
FREES_KEY = frozenset({Reason.REJECTED_BY_TIKTOK, Reason.SOURCE_REMOVED})
