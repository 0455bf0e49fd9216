"""Which copies of an event the pipeline keeps for pairing."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from tests.unit.pipeline.travelling import NOW, OTHER, OUTLET, SNIPPET, purchase, terms

from fullcount.clock import ManualClock
from fullcount.events.key import event_key
from fullcount.events.model import EventSource, Half
from fullcount.events.reading import read_event
from fullcount.pipeline.pipeline import Pipeline
from fullcount.pipeline.terms import SourceTerms
from fullcount.queue.copies import Channel, Copy
from fullcount.queue.memory import MemoryQueue
from fullcount.sources.source import Intake, PixelCopy


async def kept(terms: SourceTerms, *events: dict[str, Any], **intake: Any) -> list[Copy]:
    """Take one request and return the copies that are kept of it."""
    queue = MemoryQueue(ManualClock(NOW))
    readings = tuple(read_event(event) for event in events)
    if half := intake.pop("half", None):
        readings = tuple(msgspec.structs.replace(reading, half=half) for reading in readings)
    await Pipeline(queue, ManualClock(NOW)).take(Intake(readings, **intake), terms)
    return queue.copies


def told(name: str = "Purchase", event_id: str = "order-1", **more: Any) -> PixelCopy:
    """Return what a page says of its pixel."""
    return PixelCopy(name, event_id, NOW - 5, **more)


async def test_both_halves_of_one_event_have_one_key() -> None:
    """The pixel rewrites Purchase to CompletePayment before it sends it: that is the name that is compared."""
    mine = terms(SNIPPET)
    (pixel,) = await kept(mine, pixel_copies=(told(value=10.0, currency="usd"),))
    (server,) = await kept(mine, purchase())
    key = event_key(SNIPPET.code, EventSource.WEB, None, "Purchase", "order-1")

    assert pixel == Copy(Channel.PIXEL, "backend", "snippet", "CompletePayment", key, "order-1", NOW - 5, 10.0, "USD")
    assert server == Copy(Channel.SERVER, "backend", "snippet", "Purchase", key, "order-1", NOW, 10.0, "USD")


@pytest.mark.parametrize(
    ("pixel", "more", "channels"),
    [
        (SNIPPET, {"half": Half.BROWSER}, [Channel.RELAYED]),
        (SNIPPET, {"test_event_code": "TEST1"}, []),
        (OTHER, {}, [Channel.SERVER]),
        (OUTLET, {"pixel_copies": (told(),)}, []),
        (OTHER, {"pixel_copies": (told(), told(event_id=""))}, [Channel.PIXEL, Channel.PIXEL, Channel.SERVER]),
    ],
)
async def test_what_is_kept_goes_by_the_pixel(pixel: Any, more: dict[str, Any], channels: list[Channel]) -> None:
    """Where no browser half is nothing is kept, and of a test nothing; a page's event is told apart from a shop's."""
    assert [copy.channel for copy in await kept(terms(pixel), purchase(), **more)] == channels


async def test_events_that_no_page_sends_are_not_paired() -> None:
    """A till's purchase has no browser half."""
    assert await kept(terms(SNIPPET), purchase(event_source="offline")) == []
    assert await kept(terms(SNIPPET, is_observed=True), purchase(event_source="offline")) == []


async def test_what_would_be_sent_is_kept_with_its_value() -> None:
    """So that a person sees before it goes live what would be counted twice."""
    (copy,) = await kept(terms(OTHER, OUTLET, is_observed=True), purchase())

    assert (copy.channel, copy.pixel, copy.event_id, copy.value) == (Channel.OBSERVED, "other", "order-1", 10.0)
    assert copy.key == event_key(OTHER.code, EventSource.WEB, None, "Purchase", "order-1")


async def test_what_is_withheld_for_another_reason_is_not_kept() -> None:
    """A refusal leaves the fact of itself and no more."""
    assert await kept(terms(OTHER), purchase(consent="denied")) == []


async def test_a_copy_holds_no_identifier() -> None:
    """Ids and names that look like a person's are masked, also in the place of a currency; no number is no number."""
    hostile = told("jane@example.com", "jane@example.com", value=math.inf, currency="+15550100199")
    (copy,) = await kept(terms(OTHER), pixel_copies=(hostile,))
    (ours,) = await kept(terms(SNIPPET), purchase(event_id="order-jane@example.com"))

    assert (copy.event, copy.event_id, copy.value, copy.currency) == ("[email]", "[email]", None, None)
    assert "jane" not in repr(ours)


async def test_a_copy_without_an_id_has_no_key() -> None:
    """TikTok cannot match it with any other, and neither can we."""
    (copy,) = await kept(terms(OTHER), pixel_copies=(told(event_id=""),))

    assert (copy.key, copy.event_id) == (b"", "")


async def test_one_request_tells_of_so_many_copies() -> None:
    """Anybody may call: what is beyond a page's measure is left."""
    flood = tuple(told(event_id=f"order-{number}") for number in range(50))

    assert len(await kept(terms(OTHER), pixel_copies=flood)) == 20


async def test_copies_alone_claim_no_request() -> None:
    """An order that was only observed may come again under the same request id and be sent."""
    queue = MemoryQueue(ManualClock(NOW))
    pipeline = Pipeline(queue, ManualClock(NOW))
    intake = Intake((read_event(purchase()),), request_id="delivery-1")
    for is_observed in (True, False):
        receipt = await pipeline.take(intake, terms(OTHER, is_observed=is_observed))

    assert receipt.results[0].result == "accepted"
