"""Recall: what visitor memory knows fills what this half of an event lacks."""

from __future__ import annotations

import msgspec

from fullcount.events.hashed import HashedEvent
from fullcount.events.model import Half, Identifiers, Page
from fullcount.events.reading import Reading
from fullcount.events.tie import Tie, TieKind
from fullcount.visitors.memory import Memory

_HASHED_TIES = (
    (TieKind.EXTERNAL_ID, "external_id"),
    (TieKind.EMAIL, "email"),
    (TieKind.PHONE, "phone"),
)
_CONTEXT = ("ttp", "ip", "user_agent", "locale", "country")


def ties_of(reading: Reading, hashed: HashedEvent) -> tuple[Tie, ...]:
    """Return everything by which the event's visitor may be known: the sender's tokens, the order, the hashes."""
    found = list(reading.ties)
    order_id = hashed.properties.order_id
    if order_id and not any(tie.kind is TieKind.ORDER_ID for tie in found):
        found.append(Tie(TieKind.ORDER_ID, order_id))
    for kind, name in _HASHED_TIES:
        found.extend(Tie(kind, value) for value in several(getattr(hashed.user, name)))
    return tuple(found)


def filled(hashed: HashedEvent, page: Page, memory: Memory) -> HashedEvent:
    """Return the event with what it lacks; what it says itself stands, but for the click ID.

    The click ID of the event's own URL comes first, then memory's, then the sender's field. IP and user agent go
    together, or a phone's address would be matched with a desktop's browser. `page` is the event's before cleaning.
    """
    user = hashed.user
    changes: dict[str, object] = {
        name: value for name in _CONTEXT if not getattr(user, name) and (value := getattr(memory, name))
    }
    if user.ip or user.user_agent:
        changes.pop("ip", None)
        changes.pop("user_agent", None)
    for _, name in _HASHED_TIES:
        if not getattr(user, name) and (known := getattr(memory, name)):
            changes[name] = known[0] if len(known) == 1 else tuple(known)
    if memory.ttclid and not (user.ttclid and _names_click(page)):
        changes["ttclid"] = memory.ttclid
    changed = msgspec.structs.replace(user, **changes) if changes else user
    where = hashed.page
    if hashed.half is Half.SERVER and not where.url and memory.landing_url:
        where = Page(url=memory.landing_url, referrer=where.referrer or memory.referrer)
    if changed is user and where is hashed.page:
        return hashed
    return msgspec.structs.replace(hashed, user=changed, page=where)


def knows_somebody(memory: Memory) -> bool:
    """Say whether TikTok could match an event by what is remembered; an answer to a question alone is nobody.

    >>> knows_somebody(Memory(consent="granted")), knows_somebody(Memory(ttp="test-browser-id"))
    (False, True)
    """
    hashes = (*memory.email, *memory.phone, *memory.external_id)
    return bool(hashes or memory.ttclid or memory.ttp or (memory.ip and memory.user_agent))


def _names_click(page: Page) -> bool:
    return "ttclid=" in (page.url or "") or "ttclid=" in (page.referrer or "")


def several(value: Identifiers) -> tuple[str, ...]:
    """Return one identifier or several as a tuple."""
    return () if not value else (value,) if isinstance(value, str) else value
