"""A Shopify customer event as our custom pixel posts it from its sandbox: the event, and beside it what it could see.

The sandbox has no cookies and no origin. What the pixel asked Shopify for (the page's cookies, the shopper's privacy
choices) stands under `fullcount` in the event.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fullcount.consent.decision import consent_of, stricter
from fullcount.events.model import Event
from fullcount.events.reading import Reading
from fullcount.events.tie import TieKind
from fullcount.sources.browser.events import OLDEST_AGE_SECONDS, held
from fullcount.sources.browser.visit import Visit
from fullcount.sources.carried import named_values, visit_of
from fullcount.sources.payload import Node, at, first_text, plain_id, text
from fullcount.sources.source import Ignored, RawRequest


def sandbox_beacon(body: Node, found: Reading | Ignored) -> Node:
    """Return what a customer event tells of its visitor, in the shape of the snippet's beacon."""
    own: Any = body.get("fullcount")
    carried = visit_of(named_values(body, "data", "checkout", "attributes", key="key"), None)
    event = found.event if isinstance(found, Reading) else None
    where = at(body, "context", "document")
    return {
        "visitor": first_text(text(own, "visitor"), carried.visitor),
        "page": {
            "url": first_text(text(where, "location", "href"), text(body, "context", "window", "location", "href")),
            "referrer": text(where, "referrer"),
        },
        "ttclid": first_text(text(own, "ttclid"), carried.ttclid),
        "clicked_at": at(own, "clicked_at"),
        "ttp": first_text(text(own, "ttp"), carried.ttp),
        "consent": _consent(at(own, "consent"), carried.consent),
        "consent_at": at(own, "consent_at"),
        "user": {} if event is None else held(event.user),
        "ties": {
            TieKind.CHECKOUT_TOKEN.value: plain_id(body, "data", "checkout", "token"),
            TieKind.ORDER_ID.value: plain_id(body, "data", "checkout", "order", "id"),
            TieKind.CLIENT_ID.value: text(body, "clientId"),
        },
        "webdriver": at(own, "webdriver"),
    }


def _consent(told: Any, carried: str | None) -> Any:
    """Return the pixel's signals and the cart's word together; a word in both places is the stricter one."""
    if not isinstance(told, dict):
        return stricter(consent_of(told), carried)
    said = stricter(consent_of(told.get("said")), carried)
    return told if said is None else {**told, "said": said}


def seen_by(visit: Visit, found: Reading, request: RawRequest) -> Reading:
    """Return the event with what is known of its visit: the address and browser that called, click, consent."""
    event = found.event
    if event is None:
        return found
    seen = visit.user
    user = msgspec.structs.replace(
        event.user,
        ttclid=seen.ttclid,
        ttp=seen.ttp,
        ip=seen.ip,
        user_agent=seen.user_agent or event.user.user_agent,
        locale=event.user.locale or seen.locale,
        country=event.user.country or seen.country,
    )
    changed = msgspec.structs.replace(
        event, user=user, consent=visit.said.word, event_time=_believable(event, request.received_at)
    )
    return msgspec.structs.replace(found, event=changed, ties=visit.ties, bot=visit.bot)


def _believable(event: Event, now: float) -> int:
    """Return the page's time, as far as a clock that was set can be told from one that was not."""
    waited = 0.0 if event.event_time is None else now - event.event_time
    return int(now - min(max(0.0, waited), OLDEST_AGE_SECONDS))
