"""`POST /v1/events`: what a shop's backend sends is stored, and answered event by event."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Sequence

import pytest
from tests.contract.gateway_house import KEY, NOW, SECOND_KEY, TIKTOK_KEY, WARY_KEY, House, purchase, served

from fullcount.clock import ManualClock
from fullcount.errors import StoreCorrupt, StoreUnavailable
from fullcount.queue.entry import Entry, Note, Verdict
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.outcomes import Outcome, Reason


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """A served gateway."""
    async with served() as house:
        yield house


async def test_one_event_is_accepted_and_queued(house: House) -> None:
    """A right event is answered 202 with its id, and waits on its pixel's lane with hashed identifiers."""
    answer = await house.events(purchase())

    assert answer.status == 202
    assert answer.json == {
        "accepted": 1,
        "duplicates": 0,
        "merged": 0,
        "withheld": 0,
        "event_ids": ["order-12345-purchase"],
        "results": ["accepted"],
        "rejected": [],
        "withheld_events": [],
        "warnings": [],
    }
    ((_, delivery),) = await house.deliveries()
    assert delivery.event.user.email != "customer@example.com"
    assert len(str(delivery.event.user.email)) == 64


async def test_the_same_event_again_is_a_duplicate(house: House) -> None:
    """The second copy is answered 202 as a duplicate, under its old name too, and makes no delivery."""
    await house.events(purchase())
    again = await house.events(purchase(event="CompletePayment"))

    assert (again.status, again.json["duplicates"], again.json["results"]) == (202, 1, ["duplicate"])
    assert len(await house.deliveries()) == 1


async def test_good_events_are_taken_beside_a_bad_one(house: House) -> None:
    """One bad event among good ones is named by its index with path, reason and fix; the others are accepted."""
    bad = purchase(event_id="order-2", event_time=int(NOW) - 40 * 86_400)
    answer = await house.events({"events": [purchase(), bad, purchase(event_id="order-3"), 7]})

    assert answer.status == 202
    assert answer.json["event_ids"] == ["order-12345-purchase", None, "order-3", None]
    assert answer.json["results"] == ["accepted", "rejected", "accepted", "rejected"]
    first, second = answer.json["rejected"]
    assert (first["index"], second["index"]) == (1, 3)
    assert {"path", "reason", "fix"} <= first["problems"][0].keys()
    assert "too_old" in first["problems"][0]["reason"]
    assert [fact.outcome for fact in house.memory.facts] == [Outcome.INVALID, Outcome.INVALID]


async def test_a_request_of_which_nothing_can_be_taken_is_422(house: House) -> None:
    """If every event is rejected the answer is 422 and says why."""
    answer = await house.events({"events": [{"event": "", "event_id": "a"}]})

    assert answer.status == 422
    assert answer.json["rejected"][0]["problems"][0]["path"] == "event"


async def test_what_is_coerced_or_dropped_is_said(house: House) -> None:
    """Numbers for text, text for numbers and unusable fields are mended or dropped, each with a warning."""
    event = purchase(event_id=12345)
    event["user"] |= {"phone": "n/a", "email": "not-an-address", "ip": "10.0.0.1"}
    event["properties"] |= {"value": "89.99", "contents": [{"content_id": 7, "price": "(null)", "quantity": 1}]}
    answer = await house.events(event)

    said = {(each["path"], each["severity"]) for each in answer.json["warnings"][0]["problems"]}
    assert answer.status == 202
    assert answer.json["event_ids"] == ["12345"]
    assert {
        ("event_id", "warning"),
        ("properties.value", "warning"),
        ("properties.contents.0.content_id", "warning"),
        ("properties.contents.0.price", "dropped"),
        ("user.phone", "dropped"),
        ("user.email", "dropped"),
        ("user.ip", "dropped"),
    } <= said


async def test_nan_drops_the_field_and_not_the_call(house: House) -> None:
    """NaN, which Python writes and JSON does not know, costs its field only."""
    body = json.dumps({"events": [purchase(properties={"value": float("nan"), "currency": "USD"}), purchase()]})
    answer = await house.events(body.encode())

    assert answer.status == 202
    assert ("properties.value", "dropped") in {
        (each["path"], each["severity"]) for each in answer.json["warnings"][0]["problems"]
    }


async def test_denied_is_withheld_without_identifiers(house: House) -> None:
    """A refusal is counted, kept without identifiers, and never queued."""
    answer = await house.events({"events": [purchase(consent="denied"), purchase(event_id="order-2")]})

    assert (answer.status, answer.json["withheld"], answer.json["accepted"]) == (202, 1, 1)
    assert answer.json["withheld_events"] == [{"index": 0, "reason": "consent_denied"}]
    (fact,) = house.memory.facts
    assert (fact.outcome, fact.reason, fact.event_id) == (
        Outcome.WITHHELD,
        Reason.CONSENT_DENIED,
        "order-12345-purchase",
    )
    assert "customer" not in repr(fact)


async def test_a_source_that_requires_consent_withholds_silence(house: House) -> None:
    """With consent = required an event that says nothing is withheld as unknown, one that says granted is sent."""
    silent = await house.events(purchase(), key=WARY_KEY)
    granted = await house.events(purchase(consent="granted"), key=WARY_KEY)

    assert silent.json["withheld_events"] == [{"index": 0, "reason": "consent_unknown"}]
    assert granted.json["accepted"] == 1


async def test_an_event_goes_to_each_pixel_of_its_source_or_to_the_one_it_names(house: House) -> None:
    """Without a pixel there is one delivery for each; a name or a code picks one."""
    await house.events(purchase(event_id="a"), key=TIKTOK_KEY)
    await house.events(purchase(event_id="b", pixel="outlet"), key=TIKTOK_KEY)
    await house.events(purchase(event_id="c", pixel="CEXAMPLE0PIXEL000001"), key=TIKTOK_KEY)

    where = sorted((each.event.event_id, lane.pixel_code[-1]) for lane, each in await house.deliveries())
    assert where == [("a", "1"), ("a", "2"), ("b", "2"), ("c", "1")]


async def test_an_event_for_a_pixel_of_others_is_refused(house: House) -> None:
    """A foreign pixel is a problem by index; if nothing else came it is 403, the same for known and unknown ones."""
    mixed = await house.events({"events": [purchase(), purchase(event_id="b", pixel="outlet")]})
    known = await house.events(purchase(event_id="b", pixel="outlet"))
    unknown = await house.events(purchase(event_id="b", pixel="nowhere"))

    assert (mixed.status, mixed.json["results"]) == (202, ["accepted", "rejected"])
    assert (known.status, unknown.status) == (403, 403)
    assert known.json["rejected"] == unknown.json["rejected"]


async def test_a_test_code_makes_a_test_lane(house: House) -> None:
    """`test_event_code` beside a list or in a single event sends to the test lane, again and again."""
    await house.events({"events": [purchase()], "test_event_code": "TEST12345"})
    await house.events(purchase(test_event_code="TEST12345"))
    live = await house.events(purchase())

    waiting = await house.deliveries()
    lanes = [lane.test_event_code for lane, _ in waiting]
    assert sorted(lanes, key=str) == [None, "TEST12345", "TEST12345"]
    assert live.json["accepted"] == 1
    assert all(each.event.extra is None for _, each in waiting)


async def test_a_test_code_inside_a_listed_event_is_ignored_with_a_warning(house: House) -> None:
    """The code holds for a call; in an event of a list it does nothing and is not sent on."""
    answer = await house.events({"events": [purchase(test_event_code="TEST12345")]})

    assert answer.json["warnings"][0]["problems"][0]["code"] == "test_code_nested"
    ((lane, delivery),) = await house.deliveries()
    assert (lane.test_event_code, delivery.event.extra) == (None, None)


async def test_gzip_and_chunked_bodies_are_read(house: House) -> None:
    """A compressed body, and one that comes in chunks of unknown length, are the same event."""
    body = json.dumps(purchase()).encode()
    packed = await house.events(gzip.compress(body), **{"Content-Encoding": "gzip"})

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 50):
            yield body[at : at + 50]

    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    chunked = await house.ask("POST", "/v1/events", data=pieces(), headers=headers)

    assert (packed.json["accepted"], chunked.json["duplicates"]) == (1, 1)


async def test_each_of_a_sources_keys_opens(house: House) -> None:
    """While a key is being changed both of them are taken, and a key of kind tiktok opens this route too."""
    answers = [await house.events(purchase(), key=key) for key in (KEY, SECOND_KEY, TIKTOK_KEY)]

    assert [answer.status for answer in answers] == [202, 202, 202]


async def test_what_cannot_be_stored_is_503_with_the_seconds_to_wait(house: House) -> None:
    """If the store refuses, the answer says so and when to send the same again, and readiness goes."""
    house.memory.unavailable = StoreUnavailable("the disk is full", fix="make room", retry_after=7.2)
    answer = await house.events(purchase())
    ready = await house.ask("GET", "/readyz")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "8")
    assert answer.json["error"]["reason"] == "the disk is full"
    assert (ready.status, ready.json["reason"]) == (503, "the disk is full")


async def test_the_shoppers_address_is_never_the_callers(house: House) -> None:
    """The calling backend's socket and user agent do not stand in for the shopper's."""
    event = purchase()
    del event["user"]["ip"], event["user"]["user_agent"]
    await house.events(event)

    ((_, delivery),) = await house.deliveries()
    assert (delivery.event.user.ip, delivery.event.user.user_agent) == (None, None)


async def test_a_damaged_store_is_503_too() -> None:
    """If the store cannot be trusted any more, senders are told to come again, not that they were wrong."""

    class Damaged(MemoryQueue):
        async def accept(
            self, entries: Sequence[Entry], facts: Sequence[Note] = (), *, once: bytes | None = None
        ) -> list[Verdict]:
            del entries, facts, once
            raise StoreCorrupt("the file is damaged", where="test.db", fix="restore a backup")

    async with served(queue=Damaged(ManualClock(NOW))) as house:
        answer = await house.events(purchase())
        ready = await house.ask("GET", "/readyz")

        assert (answer.status, answer.headers["Retry-After"], ready.status) == (503, "60", 503)
        assert "test.db" not in answer.body.decode()
