"""Halves that meet, halves that do not, and copies that come too late, in both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.queue.conftest import SETTINGS
from tests.unit.queue.engines import Engine, counts, everything, reopened, sent, story
from tests.unit.queue.entries import AT_ONCE, LANE, key_of, purchase

from fullcount.clock import ManualClock
from fullcount.events.hashed import HashedUser
from fullcount.events.model import Half, Page
from fullcount.ledger.journey import What
from fullcount.queue.delivery import Delivered, Selection
from fullcount.queue.entry import Entry, Verdict
from fullcount.queue.holding import Alone
from fullcount.queue.lane import Lane
from fullcount.queue.memory import MemoryQueue
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.reader import Reader
from fullcount.queue.sqlite.rows import decode_held, encode_row, plain_form

ACCEPTED, MERGED, DUPLICATE = Verdict.ACCEPTED, Verdict.MERGED, Verdict.DUPLICATE
SERVER, BROWSER = Half.SERVER, Half.BROWSER


def server(value: float = 89.99, *, number: int = 1, hold_seconds: float | None = 20.0, **said: Any) -> Entry:
    """Return what the shop says of an order."""
    entry = purchase(number, value=value, hold_seconds=hold_seconds)
    event = msgspec.structs.replace(entry.event, user=HashedUser(email="ab" * 32, ip="192.0.2.1", user_agent="server"))
    return msgspec.structs.replace(entry, event=event, **said)


def browser(value: float = 1.0, *, number: int = 1, hold_seconds: float | None = 20.0, **said: Any) -> Entry:
    """Return what the page says of it."""
    entry = purchase(number, half=BROWSER, value=value, hold_seconds=hold_seconds)
    user = HashedUser(ttclid="E.C.P.test", ip="203.0.113.7", user_agent="browser")
    page = Page(url="https://shop.example.com/thanks")
    event = msgspec.structs.replace(entry.event, user=user, page=page)
    return msgspec.structs.replace(entry, event=event, **said)


@pytest.mark.parametrize("is_server_first", [True, False])
async def test_of_two_halves_the_shop_knows_the_money_and_the_browser_the_visit(
    engine: Engine, *, is_server_first: bool
) -> None:
    """One richer event leaves, the same whichever half came first, and at once when the second is there."""
    halves = [server(), browser()] if is_server_first else [browser(), server()]
    verdicts = [(await engine.accept([half]))[0] for half in halves]
    (event,) = await sent(engine)

    assert verdicts == [ACCEPTED, MERGED]
    assert event.properties.value == 89.99
    assert event.user == HashedUser(email="ab" * 32, ttclid="E.C.P.test", ip="203.0.113.7", user_agent="browser")
    assert event.page.url == "https://shop.example.com/thanks"


@pytest.mark.parametrize(
    ("copies", "verdicts", "value"),
    [
        ([server(10), browser(1), server(30)], [ACCEPTED, MERGED, DUPLICATE], 10),
        ([browser(1), server(10), browser(2)], [ACCEPTED, MERGED, DUPLICATE], 10),
        ([server(10), server(20), browser(1)], [ACCEPTED, DUPLICATE, MERGED], 10),
        ([browser(1), browser(2), server(10)], [ACCEPTED, DUPLICATE, MERGED], 10),
    ],
)
async def test_of_three_copies_one_leaves_and_no_later_one_changes_it(
    engine: Engine, copies: list[Entry], verdicts: list[Verdict], value: float
) -> None:
    """In one request, or each in its own: the first of each half counts, the rest are duplicates."""
    assert await engine.accept(copies) == verdicts
    assert [event.properties.value for event in await sent(engine)] == [value]
    others = [msgspec.structs.replace(copy, key=key_of(2)) for copy in copies]
    assert [(await engine.accept([copy]))[0] for copy in others] == verdicts
    assert [event.properties.value for event in await sent(engine)] == [value]


async def test_a_released_body_is_frozen(engine: Engine, clock: ManualClock) -> None:
    """Once its time is over a half goes alone; the other is then a duplicate, while it waits and after it was sent."""
    await engine.accept([server()])
    clock.advance(20)
    assert await engine.release_held() == 1
    assert await engine.accept([browser()]) == [DUPLICATE]
    (event,) = await sent(engine)
    assert event.user.ttclid is None
    assert await engine.accept([browser()]) == [DUPLICATE]
    assert await sent(engine) == []


async def test_the_ledger_names_what_a_late_copy_would_have_brought(
    queue: SqliteQueue, path: Path, clock: ManualClock
) -> None:
    """Names of fields and no values; whether the first copy waits, is under way or was delivered long ago."""
    new = "page.url, user.ttclid"
    await queue.accept([server()])
    await queue.accept([server(20)])  # the same half again, while it is held: nothing new
    clock.advance(20)
    await queue.release_held()
    await queue.accept([browser()])
    lease = await queue.lease(LANE, AT_ONCE)
    await queue.accept([browser()])
    await queue.settle(lease, {delivery.seq: Delivered() for delivery in lease.deliveries})
    clock.advance(86_400)
    await queue.accept([browser()])
    with Reader(path) as reader:
        rows = reader.timeline_rows([key_of(1)])[key_of(1)]

    assert [row.detail for row in rows if row.what == Outcome.DUPLICATE] == ["", new, new, new]
    assert not any("E.C.P" in repr(row) for row in rows)


async def test_both_engines_name_the_same_fields(path: Path, clock: ManualClock) -> None:
    """Merged in one request or in two, released or not: a third copy's new fields are named alike."""
    third = msgspec.structs.replace(
        browser(), event=msgspec.structs.replace(browser().event, user=HashedUser(ttp="test", ttclid="E.C.P.test"))
    )
    noted = []
    for queue in (MemoryQueue(clock), SqliteQueue.open(path, clock, SETTINGS)):
        copies = [server(number=2), browser(number=2)]
        await queue.accept([*copies, msgspec.structs.replace(third, key=key_of(2))])
        await queue.accept([server(number=3)])
        await queue.accept([browser(number=3)])
        await queue.accept([msgspec.structs.replace(third, key=key_of(3))])
        await queue.accept([browser(number=4), msgspec.structs.replace(third, key=key_of(4))])
        if isinstance(queue, MemoryQueue):
            noted.append([fact.detail for fact in queue.facts if fact.outcome is Outcome.DUPLICATE])
        else:
            with Reader(path) as reader:
                rows = [row for number in (2, 3, 4) for row in reader.timeline_rows([key_of(number)])[key_of(number)]]
            noted.append([row.detail for row in rows if row.what == Outcome.DUPLICATE])
        await queue.close()

    assert noted == [["user.ttp"] * 3] * 2


async def test_what_nobody_waits_for_leaves_no_note(queue: SqliteQueue, path: Path) -> None:
    """A webhook's retry of an event that is not merged is a plain duplicate: nothing is looked up for it."""
    await queue.accept([server(hold_seconds=None)])
    await queue.accept([browser(hold_seconds=None)])
    with Reader(path) as reader:
        rows = reader.timeline_rows([key_of(1)])[key_of(1)]

    assert [(row.what, row.detail) for row in rows] == [("accepted", ""), ("duplicate", "")]


async def test_a_missing_server_half_is_told(engine: Engine, path: Path, clock: ManualClock) -> None:
    """A browser half that goes alone is marked and counted; it waits and ends as any other."""
    await engine.accept([browser(alone=Alone.MARK), server(number=2)])
    clock.advance(20)
    assert await engine.release_held() == 2
    if isinstance(engine, SqliteQueue):
        assert story(path) == [("held", ""), ("server_half_missing", "")]
        assert story(path, 2) == [("held", "")]
    assert len(await sent(engine)) == 2
    if isinstance(engine, SqliteQueue):
        assert story(path) == [("held", ""), ("server_half_missing", ""), ("delivered", "")]
    assert counts(engine, path, clock) == {"accepted": 2, "delivered": 2, What.SERVER_HALF_MISSING: 1}


async def test_a_half_that_found_its_other_is_not_marked(engine: Engine, path: Path, clock: ManualClock) -> None:
    """Nor is it withheld, whatever was said of it alone."""
    await engine.accept([browser(alone=Alone.MARK), browser(number=2, alone=Alone.WITHHOLD)])
    await engine.accept([server(), server(number=2)])
    clock.advance(20)
    assert await engine.release_held() == 0
    assert len(await sent(engine)) == 2
    assert counts(engine, path, clock) == {"accepted": 2, "merged": 2, "delivered": 2}


async def test_a_browser_half_that_may_not_go_alone_is_withheld(engine: Engine, path: Path, clock: ManualClock) -> None:
    """Without the shop's word it ends; when that comes late, it is a new event and goes."""
    await engine.accept([browser(alone=Alone.WITHHOLD)])
    clock.advance(20)
    assert await engine.release_held() == 1
    assert await sent(engine) == []
    if isinstance(engine, SqliteQueue):
        assert story(path) == [("held", ""), ("withheld", Reason.NO_SHARED_EVENT_ID)]
        assert b"E.C.P.test" not in everything(path)
    assert await engine.accept([server(hold_seconds=None)]) == [ACCEPTED]
    assert len(await sent(engine)) == 1


async def test_without_an_answer_nothing_is_sent(engine: Engine, path: Path, clock: ManualClock) -> None:
    """Held until its time is over, then withheld: the body is gone, the key is free, the ledger has the reason."""
    await engine.accept([server(needs_answer=True)])
    assert await sent(engine) == []
    clock.advance(20)
    assert await sent(engine) == []
    assert await engine.release_held() == 1
    assert await sent(engine) == []
    assert counts(engine, path, clock) == {"accepted": 1, "withheld": 1}
    if isinstance(engine, MemoryQueue):
        (fact,) = engine.facts
        assert (fact.outcome, fact.reason, fact.key) == (Outcome.WITHHELD, Reason.CONSENT_UNKNOWN, key_of(1))
    else:
        assert story(path) == [("held", ""), ("withheld", Reason.CONSENT_UNKNOWN)]
        assert ("ab" * 32).encode() not in everything(path)
    assert await engine.accept([browser()]) == [ACCEPTED]


async def test_the_other_halfs_answer_lets_both_go(engine: Engine) -> None:
    """Whichever half was asked first, and whichever answered."""
    for number, halves in enumerate(
        (
            [server(needs_answer=True), browser()],
            [browser(needs_answer=True), server()],
            [server(), browser(needs_answer=True)],
            [browser(), server(needs_answer=True)],
        ),
        10,
    ):
        copies = [msgspec.structs.replace(half, key=key_of(number)) for half in halves]
        assert [(await engine.accept([copy]))[0] for copy in copies] == [ACCEPTED, MERGED]
        (event,) = await sent(engine)
        assert (event.user.email, event.user.ttclid) == ("ab" * 32, "E.C.P.test")


async def test_two_halves_without_an_answer_stay_without_one(engine: Engine, path: Path, clock: ManualClock) -> None:
    """They join, wait for the first one's time, and are withheld together; a third copy's grant would let them go."""
    for number in (1, 2):
        copies = [server(number=number, needs_answer=True), browser(number=number, needs_answer=True)]
        assert [(await engine.accept([copy]))[0] for copy in copies] == [ACCEPTED, MERGED]
    assert await sent(engine) == []
    assert await engine.accept([browser(number=2)]) == [MERGED]
    (event,) = await sent(engine)
    assert (event.event_id, event.user.email) == ("order-2", "ab" * 32)
    clock.advance(20)
    assert await engine.release_held() == 1
    assert await sent(engine) == []
    assert counts(engine, path, clock) == {"accepted": 2, "merged": 3, "delivered": 1, "withheld": 1}


async def test_the_same_half_may_bring_the_answer(engine: Engine, clock: ManualClock) -> None:
    """A second copy with a grant lifts it, with what only that copy knows; then it waits for its other half."""
    await engine.accept([browser(needs_answer=True)])
    granted = msgspec.structs.replace(
        browser(), event=msgspec.structs.replace(browser().event, user=HashedUser(ttp="test"))
    )
    assert await engine.accept([granted]) == [MERGED]
    assert await sent(engine) == []
    clock.advance(20)
    assert await engine.release_held() == 1
    (event,) = await sent(engine)
    assert (event.user.ttclid, event.user.ttp) == ("E.C.P.test", "test")


async def test_an_answer_to_what_has_no_other_half_lets_it_go_at_once(engine: Engine) -> None:
    """Of an event that is not merged only the answer was waited for."""
    await engine.accept([browser(needs_answer=True)])
    assert await engine.accept([browser(hold_seconds=None)]) == [MERGED]
    assert len(await sent(engine)) == 1


async def test_what_waits_for_an_answer_survives_its_owner(engine: Engine, path: Path, clock: ManualClock) -> None:
    """A new owner still waits for it, and sends it neither at once nor in the end; what is whole stays so."""
    await engine.accept([server(needs_answer=True), server(number=2, needs_answer=True), browser(number=3)])
    await engine.accept([browser(number=2, needs_answer=True)])
    heir = await reopened(engine, path, clock)
    assert await sent(heir) == []
    assert await heir.accept([browser()]) == [MERGED]
    assert await heir.accept([server(number=2, needs_answer=True)]) == [DUPLICATE]
    assert [event.event_id for event in await sent(heir)] == ["order-1"]
    clock.advance(20)
    heir = await reopened(heir, path, clock)
    assert await heir.release_held() == 2
    assert [event.event_id for event in await sent(heir)] == ["order-3"]
    await heir.close()


@pytest.mark.parametrize("reason", [Reason.PURGED, Reason.SOURCE_REMOVED])
async def test_what_waits_for_an_answer_leaves_no_letter(
    engine: Engine, path: Path, clock: ManualClock, reason: Reason
) -> None:
    """A person may take it out, and nobody can put it back."""
    await engine.accept([server(needs_answer=True), server(number=2)])
    assert await engine.bury(Selection(), reason) == 2
    assert [letter.event.event_id for letter in await engine.dead_letters(Selection())] == ["order-2"]
    assert await engine.redrive(Selection(), overridden=True) == 1
    assert [event.event_id for event in await sent(engine)] == ["order-2"]
    assert counts(engine, path, clock) == {"accepted": 2, "dead": 2, "redriven": 1, "delivered": 1}
    if isinstance(engine, SqliteQueue):
        assert story(path) == [("held", ""), ("dead", reason)]
    is_free = reason is Reason.SOURCE_REMOVED
    assert await engine.accept([browser()]) == [ACCEPTED if is_free else DUPLICATE]


async def test_a_damaged_half_that_waited_for_an_answer_is_never_sent(
    queue: SqliteQueue, path: Path, clock: ManualClock
) -> None:
    """It is replaced by the next copy, which itself waits if it brings no answer; else it ends with its time."""
    await queue.accept([server(number=number, needs_answer=True) for number in (1, 2, 3)])
    await queue.do(_damage)
    assert await queue.accept([browser(number=1, needs_answer=True), browser(number=2)]) == [MERGED, MERGED]
    assert [(event.event_id, event.half) for event in await sent(queue)] == [("order-2", BROWSER)]
    clock.advance(20)
    assert await queue.release_held() == 2
    assert await sent(queue) == []
    assert story(path, 3) == [("held", ""), ("withheld", Reason.CONSENT_UNKNOWN)]


def _damage(store: Any) -> None:
    """Let no held event be readable."""
    for held in store.held.find([key_of(number) for number in (1, 2, 3)]).values():
        store.held.replace(msgspec.structs.replace(held.row, event=b"\xc1"))


async def test_a_test_event_waits_for_nothing(engine: Engine) -> None:
    """Under a test code no copy is held, joined or a duplicate."""
    lane = Lane(LANE.pixel_code, test_event_code="TEST1")
    copies = [purchase(1, lane=lane, half=half, hold_seconds=20) for half in (SERVER, BROWSER, SERVER)]
    assert await engine.accept(copies) == [ACCEPTED] * 3
    assert len(await sent(engine, lane)) == 3


async def test_what_was_held_before_there_were_terms_leaves_as_ever(
    queue: SqliteQueue, path: Path, clock: ManualClock
) -> None:
    """An older Fullcount's held deliveries are joined, or go alone when their time is over."""
    await queue.accept([server(), server(number=2)])
    await queue.do(_forget_terms)
    assert await queue.accept([browser()]) == [MERGED]
    clock.advance(20)
    assert await queue.release_held() == 1
    assert [event.event_id for event in await sent(queue)] == ["order-1", "order-2"]
    assert story(path, 2) == [("held", ""), ("delivered", "")]


def _forget_terms(store: Any) -> None:
    """Store what is held as it was stored before."""
    for seq, row in list(store.connection.execute("SELECT seq, row FROM held")):
        older = encode_row(plain_form(decode_held(row)))
        store.connection.execute("UPDATE held SET row = ? WHERE seq = ?", (older, seq))
