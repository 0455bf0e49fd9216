"""`fullcount queue` shows what waits and what happened, and asks the owner to act."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.unit.cli.filled_store import LANE, buried, delivered, entry, owned_store, settle_all
from tests.unit.cli.shop import CODE, Shop

from fullcount.clock import SystemClock
from fullcount.events.model import EventSource
from fullcount.queue.delivery import LeaseLimits, Selection
from fullcount.queue.entry import Fact, Verdict
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Outcome, Reason

CLOCK = SystemClock()


async def run(shop: Shop, *args: str) -> Any:
    """Run a command while this process owns the store."""
    return await asyncio.to_thread(shop.run, "queue", *args)


async def run_json(shop: Shop, *args: str, exit_code: int = 0) -> Any:
    """Run a command with --json and return its document."""
    result = await run(shop, *args, "--json")
    assert result.exit_code == exit_code, result.stderr
    return json.loads(result.stdout)


async def test_stats_show_what_waits_and_how_events_ended(shop: Shop) -> None:
    """Each lane under its pixel's name with what waits and for how long, the owner, and the day's outcomes."""
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry("order-0", CLOCK.now()), entry("order-1", CLOCK.now())])
        await settle_all(queue, CLOCK, delivered)
        await queue.accept([entry("order-1", CLOCK.now()), entry("order-2", CLOCK.now())])
        stats = await run_json(shop, "stats")
        shown = await run(shop, "stats")

    (lane,) = stats["lanes"]
    assert (lane["pixel"], lane["pixel_code"], lane["queued"], lane["leased"], lane["held"]) == ("store", CODE, 1, 0, 0)
    assert lane["oldest_seconds"] >= 0.0
    assert stats["owner_pid"] > 0
    outcomes = {total["outcome"]: total["count"] for total in stats["last_24_hours"]}
    assert outcomes == {"accepted": 3, "delivered": 2, "duplicate": 1}
    assert shown.exit_code == 0
    assert "store" in shown.stdout


async def test_an_empty_store_says_that_nothing_waits(shop: Shop) -> None:
    """And without an owner, that nobody delivers."""
    async with owned_store(shop.store, CLOCK):
        pass
    result = await run(shop, "stats")

    assert result.exit_code == 0
    assert "Nothing waits." in result.stdout
    assert "fullcount serve" in result.stdout


async def test_show_tells_an_event_from_acceptance_to_request_id(shop: Shop) -> None:
    """The timeline has no address and no browser in it."""
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry("order-1", CLOCK.now())])
        await settle_all(queue, CLOCK, delivered)
        result = await run(shop, "show", "order-1")
        (journey,) = (await run_json(shop, "show", "order-1"))["journeys"]

    assert journey["state"] == "delivered"
    assert [step["what"] for step in journey["steps"]] == ["accepted", "attempt", "delivered"]
    assert journey["steps"][1]["request_id"] == "R1"
    assert "Purchase order-1 at pixel store (web): delivered" in result.stdout
    assert "HTTP 200, code 0, words, 120 ms, request_id R1" in result.stdout
    for private in ("203.0.113.42", "Mozilla"):
        assert private not in result.stdout


async def test_show_knows_test_events_too(shop: Shop) -> None:
    """A test event has a timeline under its test code."""
    lane = Lane(CODE, LANE.event_source, "TEST12345")
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry("order-1", CLOCK.now(), lane)])
        (journey,) = (await run_json(shop, "show", "order-1"))["journeys"]

    assert (journey["test_event_code"], journey["state"]) == ("TEST12345", "queued")


async def test_show_tells_what_was_wrong_with_an_invalid_event(shop: Shop) -> None:
    """A refused event is found by its id, with the first problem, though it reached no pixel."""
    fact = Fact(Outcome.INVALID, Reason.NONE, "backend", "", "Purchase", "order-1", detail="event_time: it is too old")
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([], [fact])
        result = await run(shop, "show", "order-1")
        (journey,) = (await run_json(shop, "show", "order-1"))["journeys"]

    assert result.exit_code == 0
    assert "Purchase order-1: invalid" in result.stdout
    assert "from backend, event_time: it is too old" in result.stdout
    assert (journey["state"], journey["pixel_code"], journey["steps"][0]["source"]) == ("invalid", "", "backend")


async def test_an_observed_event_says_what_lets_it_go(shop: Shop) -> None:
    """Withheld as observe_only is a matter of one setting; withheld for consent is not."""
    observed = Fact(Outcome.WITHHELD, Reason.OBSERVE_ONLY, "backend", "store", "Purchase", "order-1")
    denied = Fact(Outcome.WITHHELD, Reason.CONSENT_DENIED, "backend", "store", "Purchase", "order-2")
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([], [observed, denied])
        shown = [await run(shop, "show", event_id) for event_id in ("order-1", "order-2")]

    assert ["fullcount source live" in each.stdout for each in shown] == [True, False]


async def test_an_unknown_event_is_exit_status_1(shop: Shop) -> None:
    """Nothing known is said, with why that may be."""
    async with owned_store(shop.store, CLOCK):
        result = await run(shop, "show", "order-9")
        document = await run_json(shop, "show", "order-9", exit_code=1)

    assert result.exit_code == 1
    assert "Nothing is known of event_id order-9" in result.stdout
    assert document == {"event_id": "order-9", "journeys": []}


REASONS = (Reason.REJECTED_BY_TIKTOK, Reason.DEDUP_WINDOW_PASSED, Reason.TOO_OLD)


async def test_dead_letters_are_listed_and_chosen(shop: Shop) -> None:
    """All of them, or those of a reason, pixel or event, each with TikTok's words and without the event's content."""
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry(f"order-{number}", CLOCK.now()) for number in range(3)])
        await settle_all(queue, CLOCK, buried(REASONS), code=40002)
        everything = (await run_json(shop, "dead"))["dead_letters"]
        old = (await run_json(shop, "dead", "--reason", "too_old"))["dead_letters"]
        one = (await run_json(shop, "dead", "--event-id", "order-1", "--pixel", "store"))["dead_letters"]
        few = (await run_json(shop, "dead", "--limit", "2"))["dead_letters"]
        shown = await run(shop, "dead")

    assert sorted(letter["event_id"] for letter in everything) == ["order-0", "order-1", "order-2"]
    assert [letter["event_id"] for letter in old] == ["order-2"]
    assert [(letter["reason"], letter["code"]) for letter in one] == [("dedup_window_passed", 40002)]
    assert len(few) == 2
    assert "40002 not a valid string" in shown.stdout
    assert "203.0.113.42" not in shown.stdout


async def test_redrive_puts_back_what_is_named(shop: Shop) -> None:
    """The owner does it, and the answer says how many."""
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry(f"order-{number}", CLOCK.now()) for number in range(3)])
        await settle_all(queue, CLOCK, buried(REASONS))
        asked = await run_json(shop, "redrive", "--reason", "rejected_by_tiktok")
        (state,) = await queue.lanes()

    assert asked == {"applied": True, "count": 1, "event_ids": ["order-0"], "left": []}
    assert state.queued == 1


async def test_what_may_count_twice_needs_a_word(shop: Shop) -> None:
    """dedup_window_passed goes back only with --accept-double-count, and the risk is told before."""
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry(f"order-{number}", CLOCK.now()) for number in range(3)])
        await settle_all(queue, CLOCK, buried(REASONS))
        refused = await run(shop, "redrive", "--all")
        left = await queue.dead_letters(Selection())
        accepted = await run(shop, "redrive", "--event-id", "order-1", "--accept-double-count")
        lease = await queue.lease(LANE, LeaseLimits(ripe_after_seconds=0.0))

    assert refused.exit_code == 2
    assert "1 dedup_window_passed: TikTok forgets an event_id after 48 hours" in refused.stderr
    assert "--accept-double-count" in refused.stderr
    assert len(left) == 3
    assert accepted.exit_code == 0
    assert "1 dead letter put back" in accepted.stdout
    assert [(each.event.event_id, each.overridden) for each in lease.deliveries] == [("order-1", True)]


async def test_redrive_names_what_was_left_and_why(shop: Shop) -> None:
    """A dead letter whose purchase came again since stays dead, and that is said."""
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry("order-0", CLOCK.now())])
        await settle_all(queue, CLOCK, buried(REASONS))
        await queue.accept([entry("order-0", CLOCK.now())])
        await settle_all(queue, CLOCK, delivered)
        result = await run(shop, "redrive", "--event-id", "order-0")

    assert result.exit_code == 0
    assert "0 dead letters put back" in result.stdout
    assert "1 dead letter left (order-0): a newer copy of it came since" in result.stdout


async def test_redrive_of_an_event_that_is_not_dead_is_exit_status_1(shop: Shop) -> None:
    """A slip in the id is not taken for success."""
    async with owned_store(shop.store, CLOCK):
        result = await run(shop, "redrive", "--event-id", "order-9")

    assert result.exit_code == 1
    assert "No dead letter matches" in result.stdout


def test_a_wrong_reason_names_those_that_a_dead_letter_may_have(shop: Shop) -> None:
    """Reasons of other outcomes are no choice."""
    result = shop.run("queue", "dead", "--reason", "observe_only")

    assert result.exit_code == 2
    assert "too_old" in result.stderr
    assert "consent_denied" not in result.stderr


async def test_redrive_wants_to_know_which(shop: Shop) -> None:
    """Without a choice nothing is put back."""
    result = await run(shop, "redrive")

    assert result.exit_code == 2
    assert "--all" in result.stderr


@pytest.mark.parametrize("named", ["store", CODE])
async def test_pause_and_resume_by_name_or_code(shop: Shop, named: str) -> None:
    """A paused pixel leases nothing and says why; a resumed one leases again."""
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry("order-1", CLOCK.now())])
        paused = await run(shop, "pause", named, "--why", "a new token comes")
        lanes = (await run_json(shop, "stats"))["lanes"]
        empty = await queue.lease(LANE, LeaseLimits(ripe_after_seconds=0.0, even_if_paused=True))
        resumed = await run(shop, "resume", named)
        lease = await queue.lease(LANE, LeaseLimits(ripe_after_seconds=0.0))

    assert paused.exit_code == resumed.exit_code == 0
    assert {(lane["paused"], lane["paused_by_person"]) for lane in lanes} == {("a new token comes", True)}
    assert empty.deliveries == ()
    assert len(lease.deliveries) == 1


@pytest.mark.parametrize("source", EventSource)
async def test_a_pause_holds_every_event_source(shop: Shop, source: EventSource) -> None:
    """Also one from which nothing had come yet; resume lets all of them go."""
    lane = Lane(CODE, source)
    async with owned_store(shop.store, CLOCK) as queue:
        await run(shop, "pause", "store")
        await queue.accept([entry("order-1", CLOCK.now(), lane)])
        empty = await queue.lease(lane, LeaseLimits(ripe_after_seconds=0.0, even_if_paused=True))
        await run(shop, "resume", "store")
        lease = await queue.lease(lane, LeaseLimits(ripe_after_seconds=0.0))
        states = await queue.lanes()

    assert empty.deliveries == ()
    assert len(lease.deliveries) == 1
    assert [state.lane for state in states] == [lane]


@pytest.mark.parametrize("reason", [None, "purged", "source_removed"])
async def test_bury_gives_up_what_waits(shop: Shop, reason: str | None) -> None:
    """What waits for a pixel or of an event becomes dead letters; whether a resend is new depends on the reason."""
    said = [] if reason is None else ["--reason", reason]
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry(f"order-{number}", CLOCK.now()) for number in range(3)])
        one = await run_json(shop, "bury", "--event-id", "order-1", *said, "--yes")
        rest = await run(shop, "bury", "--pixel", "store", *said, "--yes")
        letters = (await run_json(shop, "dead"))["dead_letters"]
        (again,) = await queue.accept([entry("order-1", CLOCK.now())])
        redriven = await run_json(shop, "redrive", "--event-id", "order-2")

    assert one == {"applied": True, "count": 1}
    assert rest.stdout == f"2 deliveries are dead letters now: {reason or 'purged'}\n"
    assert {letter["reason"] for letter in letters} == {reason or "purged"}
    assert again is (Verdict.ACCEPTED if reason == "source_removed" else Verdict.DUPLICATE)
    assert redriven["count"] == 1


async def test_bury_takes_a_pixel_that_the_settings_lost(shop: Shop) -> None:
    """It is named by its code, as the pause says it."""
    lost = Lane("CEXAMPLE0PIXEL000009")
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry("order-1", CLOCK.now(), lost), entry("order-1", CLOCK.now())])
        asked = await run_json(shop, "bury", "--pixel", lost.pixel_code, "--reason", "source_removed", "--yes")
        states = await queue.lanes()

    assert asked["count"] == 1
    assert [state.lane for state in states] == [LANE]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "name --pixel or --event-id"),
        (["--pixel", "store"], "2 events waiting would not be sent"),
        (["--event-id", "order-1"], "what waits of event_id order-1 would not be sent"),
        (["--pixel", "store", "--reason", "too_old", "--yes"], "too_old"),
    ],
)
async def test_bury_wants_to_be_sure(shop: Shop, args: list[str], said: str) -> None:
    """Without a choice, --yes or a reason of a person's, nothing is given up, and it is told what would be."""
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry("order-1", CLOCK.now()), entry("order-2", CLOCK.now())])
        result = await run(shop, "bury", *args)
        (state,) = await queue.lanes()

    assert result.exit_code == 2
    assert said in result.stderr
    assert state.queued == 2


async def test_without_an_owner_a_command_waits_for_one(shop: Shop) -> None:
    """What is asked while nobody delivers is done by the next owner, and the answer says so."""
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry("order-1", CLOCK.now())])
    asked = await run_json(shop, "pause", "store", "--why", "later")
    async with owned_store(shop.store, CLOCK) as queue:
        await run(shop, "redrive", "--all")  # commands are done in order: once this is answered, the pause was
        states = await queue.lanes()

    assert asked == {"applied": False, "count": 0}
    assert {(state.paused, state.paused_by_person) for state in states} == {("later", True)}


@pytest.mark.parametrize("args", [["pause", "stor"], ["dead", "--pixel", "stor"], ["redrive", "--pixel", "stor"]])
async def test_an_unknown_pixel_is_named_with_the_near_one(shop: Shop, args: list[str]) -> None:
    """A slip in the pixel's name does nothing."""
    async with owned_store(shop.store, CLOCK):
        result = await run(shop, *args)

    assert result.exit_code == 2
    assert 'did you mean "store"?' in result.stderr


@pytest.mark.parametrize("args", [["stats"], ["show", "order-1"], ["dead"], ["pause", "store"], ["redrive", "--all"]])
async def test_without_a_store_the_way_to_one_is_named(shop: Shop, args: list[str]) -> None:
    """Before the first start there is nothing to see."""
    result = await run(shop, *args)

    assert result.exit_code == 2
    assert "fullcount serve" in result.stderr
    assert not shop.store.exists()


async def test_looking_needs_no_secret(shop: Shop) -> None:
    """Whoever looks into the store needs neither token nor key."""
    async with owned_store(shop.store, CLOCK):
        shop.environ |= {"TIKTOK_ACCESS_TOKEN": None, "BACKEND_KEY": None}
        result = await run(shop, "stats")

    assert result.exit_code == 0
