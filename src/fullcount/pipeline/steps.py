"""The steps between a reading and the queue: each takes what the steps before it made, and decides.

None does I/O. All but one are pure: `name_it` draws at random for an event that has nothing to be named by.
"""

from __future__ import annotations

import msgspec

from fullcount.clock import DAY_SECONDS
from fullcount.config.settings import Browser, MissingHalf
from fullcount.consent.decision import Action, Circumstances, ConsentDecision, consent_of, decide, stricter
from fullcount.events.event_id import resolve_event_id
from fullcount.events.hashed import HashedEvent
from fullcount.events.key import event_key
from fullcount.events.model import Event, EventSource, Half
from fullcount.events.problems import Problem, Severity
from fullcount.pipeline.terms import PixelTerms, SourceTerms
from fullcount.queue.entry import Entry
from fullcount.queue.holding import Alone
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason
from fullcount.sources.receipt import PIXEL_NOT_ALLOWED

PURCHASE = "Purchase"
LEAD = "Lead"
PURCHASE_WINDOW_SECONDS = 90 * DAY_SECONDS  # a late status change of an order repeats its purchase and its refunds
WINDOW_SECONDS = 7 * DAY_SECONDS

# Where a pixel or an app SDK could bring the same event; offline and CRM events have no browser half.
_HAS_BROWSER_HALF = frozenset({EventSource.WEB, EventSource.APP})
_ALONE = {MissingHalf.SEND: Alone.MARK, MissingHalf.WITHHOLD: Alone.WITHHOLD}
_NOT_ALLOWED = Problem(
    "pixel",
    "this key does not open that pixel",
    "name one of the source's pixels, or none to send to all of them",
    code=PIXEL_NOT_ALLOWED,
)


def aim(event: Event, pixel_code: str | None, terms: SourceTerms) -> tuple[PixelTerms, ...] | Problem:
    """Return the pixels that the event is for: the one its envelope or itself names (by name or code), else all."""
    named = pixel_code or event.pixel
    if named is None:
        return terms.pixels
    for pixel in terms.pixels:
        if pixel.code == named or (pixel_code is None and pixel.name == named):
            return (pixel,)
    return _NOT_ALLOWED


def name_it(event: Event, terms: SourceTerms, now: float) -> tuple[str, bool, Problem | None]:
    """Return the event_id, whether the browser's half can have the same one, and what is to be said of it."""
    event_id, problem = resolve_event_id(event, terms.id_template, now)
    return event_id, problem is None, problem


def may_be_answered(hashed: HashedEvent, pixel: PixelTerms, test_code: str | None) -> bool:
    """Return whether a visitor who said nothing may still answer: our own snippet tells of the same event."""
    return (
        pixel.browser is Browser.SNIPPET
        and pixel.hold_seconds > 0
        and hashed.event_source is EventSource.WEB
        and test_code is None
    )


def ask_consent(
    event: Event, beside: str | None, terms: SourceTerms, *, may_be_answered: bool = False
) -> tuple[ConsentDecision, tuple[Problem, ...]]:
    """Return what the visitor's consent, or its absence, means for this event, and what is to be said of its place.

    `beside` is what the envelope says of all its events. Said in several places, the stricter counts.
    """
    said: str | None = event.consent
    problems: tuple[Problem, ...] = ()
    if event.user.extra or event.properties.extra or event.extra:
        said, problems = _with_misplaced(event)
    if beside is not None:
        said = stricter(said, beside)
    country = event.user.country or terms.default_country
    circumstances = Circumstances(
        state=event.user.state, may_be_answered=may_be_answered, limits_opt_out=terms.limits_opt_out
    )
    return decide(said, country, terms.consent, terms.regions, circumstances), problems


def _with_misplaced(event: Event) -> tuple[str | None, tuple[Problem, ...]]:
    """Return the event's consent together with any that stands where no other tool would look for it."""
    said, problems = event.consent, []
    extra = event.extra or {}
    for place, held in (
        ("user", event.user.extra),
        ("properties", event.properties.extra),
        ("context", extra.get("context")),
    ):
        if isinstance(held, dict) and held.get("consent") is not None:
            said = stricter(said, consent_of(held["consent"]))
            reason = "it was read as the event's, since a refusal must not be missed"
            fix = "send consent beside event and user"
            problems.append(Problem(f"{place}.consent", reason, fix, Severity.WARNING, "consent_misplaced"))
    return said, tuple(problems)


def spelled(hashed: HashedEvent, pixel: PixelTerms) -> HashedEvent:
    """Return a mapped event with a purchase and a lead spelled as the pixel's browser half spells them.

    Events of apps keep their names: TikTok's list for apps has no CompletePayment, and no pixel runs there.
    """
    if hashed.event_source is EventSource.APP:
        return hashed
    if hashed.canonical == PURCHASE:
        return msgspec.structs.replace(hashed, event=pixel.purchase_name)
    return msgspec.structs.replace(hashed, event=pixel.lead_name) if hashed.canonical == LEAD else hashed


class Occasion(msgspec.Struct, frozen=True, gc=False):
    """What bears on an event's way to one pixel beside the event and the settings."""

    test_code: str | None = None
    is_id_shared: bool = True
    action: Action = Action.SEND  # never WITHHOLD: that has no way
    is_pixel_blocked: bool = False  # as far as the page could see


def route(hashed: HashedEvent, pixel: PixelTerms, terms: SourceTerms, occasion: Occasion) -> Entry | Reason:
    """Return the delivery to one pixel, or the reason why there is none.

    Test events never count at TikTok, so nothing guards them: they are not held, claim no key, and also go out where
    live events are only observed.
    """
    if occasion.test_code is None:
        may_double = pixel.browser is Browser.OTHER and hashed.event_source in _HAS_BROWSER_HALF
        if may_double and not (occasion.is_id_shared and hashed.canonical in pixel.server_events):
            return Reason.NO_SHARED_EVENT_ID
        if terms.is_observed:
            return Reason.OBSERVE_ONLY
    return _entry(hashed, pixel, terms, occasion)


def _entry(hashed: HashedEvent, pixel: PixelTerms, terms: SourceTerms, occasion: Occasion) -> Entry:
    test_code, action = occasion.test_code, occasion.action
    is_test = test_code is not None
    waits = not is_test and _waits_for_half(hashed, pixel)
    needs_answer = action is Action.HOLD
    return Entry(
        lane=Lane(pixel.code, hashed.event_source, test_code),
        key=event_key(pixel.code, hashed.event_source, test_code, hashed.canonical, hashed.event_id),
        event=hashed,
        source=terms.name,
        pixel=pixel.name,
        window_seconds=PURCHASE_WINDOW_SECONDS if hashed.canonical in terms.repeated_late else WINDOW_SECONDS,
        hold_seconds=_hold_seconds(pixel, occasion) if waits or needs_answer else None,
        claims_key=not is_test,
        needs_answer=needs_answer,
        is_limited=action is Action.LIMIT,
        alone=_ALONE[pixel.server_half_missing] if waits and hashed.half is Half.BROWSER else Alone.SEND,
    )


def _waits_for_half(hashed: HashedEvent, pixel: PixelTerms) -> bool:
    """Return whether the other half of an event is to be expected."""
    if pixel.browser is not Browser.SNIPPET or hashed.canonical not in pixel.merge_events:
        return False
    return hashed.event_source is EventSource.WEB


def _hold_seconds(pixel: PixelTerms, occasion: Occasion) -> float:
    if occasion.is_pixel_blocked:
        return max(pixel.hold_seconds, pixel.hold_blocked_seconds)
    return pixel.hold_seconds
