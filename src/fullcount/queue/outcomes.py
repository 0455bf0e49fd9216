"""The closed lists: how an event or a delivery can end, and why; what else is counted; why a request is ignored."""

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


class Happening(StrEnum):
    """What is noted and counted beside the outcomes, as it ends no event of its own."""

    IGNORED = "ignored"  # a request that is understood and means no event
    REFUNDED = "refunded"  # money of an order that went back
    SERVER_HALF_MISSING = "server_half_missing"  # a browser half left alone: what the shop says of it never came


class Ignored(StrEnum):
    """Why a request made no event: the closed list for `Happening.IGNORED`."""

    UNKNOWN_TOPIC = "unknown_topic"  # a notice that means nothing to TikTok
    TEST_ORDER = "test_order"
    RENEWAL = "renewal"  # a subscription goes on: no new purchase
    NOT_PAID = "not_paid"  # yet; the paid notice makes the event
    OFFLINE_ORDER = "offline_order"  # a till's or a draft's, which the source leaves out
    COMPLETED_CHECKOUT = "completed_checkout"  # its order makes the event
    EMPTY_CART = "empty_cart"
    ZERO_AMOUNT = "zero_amount"
    SWITCHED_OFF = "switched_off"  # by the source's settings
    CANCELLED = "cancelled"
    ALREADY_COUNTED = "already_counted"  # another notice of the same thing made the event
    NO_EVENT = "no_event"  # a request that carries none: a ping, an identify call, a privacy notice
    BOT = "bot"
    NOT_FOR_TIKTOK = "not_for_tiktok"  # the sender named other destinations
    UNREADABLE_NOTICE = "unreadable_notice"
    EVENT_ID_MISSING = "event_id_missing"  # the source's settings ask for one that the browser's half has, too


# A death that frees the key, so that a corrected resend is a new event (the other deaths keep it).
FREES_KEY = frozenset({Reason.REJECTED_BY_TIKTOK, Reason.SOURCE_REMOVED})
# A visitor's own no: it ends whatever waits of the same event.
REFUSALS = frozenset({Reason.CONSENT_DENIED, Reason.OPT_OUT_SIGNAL})
