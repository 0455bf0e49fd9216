"""What is remembered of a visitor, as callers give it and get it."""

from __future__ import annotations

import msgspec

from fullcount.consent.decision import stricter
from fullcount.events.model import names_only


class Memory(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What one request told of a visitor, or what all of them told. Empty fields say nothing.

    The identifiers `email`, `phone` and `external_id` are lower-case SHA-256 hex; the rest is what TikTok wants in the
    clear, and is gone when its time is over.
    """

    seen_at: float = 0.0  # Unix seconds; 0: now
    ttclid: str | None = None
    clicked_at: float | None = None  # Unix seconds; of this very click ID
    ttp: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    locale: str | None = None
    landing_url: str | None = None  # cleaned
    referrer: str | None = None  # cleaned
    country: str | None = None  # ISO 3166 alpha-2
    consent: str | None = None  # as an event says it
    consent_at: float | None = None  # Unix seconds: when the visitor answered
    consent_version: str | None = None  # of the question that was answered
    email: tuple[str, ...] = ()
    phone: tuple[str, ...] = ()
    external_id: tuple[str, ...] = ()

    __repr__ = names_only


# What belongs together is filled together; consent goes by its own rule.
_CLICK = ("ttclid", "clicked_at")
_ALONE = (
    "ttp",
    "ip",
    "user_agent",
    "locale",
    "landing_url",
    "referrer",
    "country",
    "email",
    "phone",
    "external_id",
)


def fill_memory(first: Memory, second: Memory) -> Memory:
    """Return the first memory with what it lacks taken from the second. The stricter of two consents counts.

    >>> a, b = Memory(ttclid="E.C.P.test", consent="granted"), Memory(ttp="test", consent="denied")
    >>> filled = fill_memory(a, b)
    >>> filled.ttclid, filled.ttp, filled.consent
    ('E.C.P.test', 'test', 'denied')
    """
    taken = [name for name in _ALONE if not getattr(first, name)]
    if first.ttclid is None:
        taken += _CLICK
    if stricter(first.consent, second.consent) != first.consent:
        taken += ["consent", "consent_at", "consent_version"]
    return msgspec.structs.replace(first, **{name: getattr(second, name) for name in taken})
