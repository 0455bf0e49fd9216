"""The part of the queue's contract about what is stored beside deliveries: notes, repeated requests, errands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from fullcount.clock import ManualClock
from fullcount.config.settings import Mode
from fullcount.events.model import Half
from fullcount.queue.copies import Channel, Copy
from fullcount.queue.delivery import Selection
from fullcount.queue.entry import ONCE_SECONDS, Entry, Errand, Fact, Note, Refund
from fullcount.queue.forgetting import Forgotten, Match, Subject
from fullcount.queue.outcomes import REFUSALS, Happening, Ignored, Outcome, Reason
from fullcount.queue.protocol import Queue
from fullcount.queue.switch import Switch
from fullcount.testing.queue_holds_contract import Way, subjects, ways
from fullcount.testing.queue_model import Model

T = TypeVar("T")

copies_strategy = st.lists(ways, max_size=3)
_errands = st.builds(
    lambda number, wait: (number, wait), st.integers(0, 5), st.sampled_from((-5.0, 0.0, 10.0, 300.0, 90_000.0))
)
notes_strategy = st.lists(
    st.one_of(
        st.sampled_from(("invalid", "withheld", "ignored")),
        st.integers(0, 4).map(lambda number: ("refund", number)),
        _errands.map(lambda errand: ("errand", *errand)),
        st.tuples(st.just("copy"), st.integers(0, 7), st.sampled_from(Channel)),
        st.tuples(st.just("refusal"), st.integers(0, 7), st.sampled_from(sorted(REFUSALS))),
    ),
    max_size=4,
)
_FACTS: dict[str, tuple[Outcome | Happening, Reason | Ignored]] = {
    "invalid": (Outcome.INVALID, Reason.NONE),
    "withheld": (Outcome.WITHHELD, Reason.CONSENT_DENIED),
    "ignored": (Happening.IGNORED, Ignored.NOT_PAID),
}


class NoteRules:
    """Rules of the state machine that `QueueContract` is."""

    clock: ManualClock
    model: Model
    queue: Queue

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Run one call of the engine's to its end."""
        raise NotImplementedError

    def copied(self, queue: Queue) -> Sequence[Copy] | None:
        """Return the engine's copies of events, in any order; None if it keeps none."""
        del queue
        return None

    def _entry(self, number: int, half: Half, way: str) -> Entry:
        raise NotImplementedError

    @rule(
        copies=copies_strategy, notes=notes_strategy, request=st.one_of(st.none(), st.integers(100, 103))
    )  # keys of requests and of events are digests of different things, so they are never equal
    def accept_with_notes(self, copies: list[Way], notes: list[Any], request: int | None) -> None:
        """A repeated request stores nothing and is counted; else its notes are stored with its entries."""
        entries, made, once = self.request_of(copies, notes, request)
        expected = self.model.accept_request(entries, made, once, self.clock.now())
        assert self.run(self.queue.accept(entries, made, once=once)) == expected

    def request_of(
        self, copies: Sequence[Way], notes: Sequence[Any], request: int | None
    ) -> tuple[list[Entry], list[Note], bytes | None]:
        """Return what these drawn values stand for."""
        entries = [self._entry(*copy) for copy in copies]
        return entries, [self._made(note) for note in notes], None if request is None else _key(request)

    def _made(self, drawn: Any) -> Note:
        if isinstance(drawn, str):
            outcome, reason = _FACTS[drawn]
            return Fact(outcome, reason, "backend", "", "Purchase", "order-0")
        kind, number, *rest = drawn
        now = self.clock.now()
        if kind == "refund":
            return Refund(_key(200 + number), "shop", f"order-{number}", str(number), number * 1.5, "EUR", now)
        if kind == "copy":
            return Copy(rest[0], "shop", "store", "Purchase", _key(number), f"order-{number}", now, number * 1.5, "EUR")
        if kind == "refusal":
            return Fact(Outcome.WITHHELD, rest[0], "shop", "store", "Purchase", f"order-{number}", _key(number))
        return Errand(_key(number), "shop", f"fetch {number}".encode(), now + rest[0], f"order-{number}")

    @rule(limit=st.integers(1, 4))
    def see_what_is_due(self, limit: int) -> None:
        """Errands are named from their time on, the longest due first, until they are ended or postponed."""
        assert self.run(self.queue.due_errands(limit)) == self.model.due_errands(self.clock.now(), limit)

    @rule(number=st.integers(0, 5))
    def end_errand(self, number: int) -> None:
        """An errand that is crossed off is gone; crossing it off twice is no error."""
        self.run(self.queue.end_errand(_key(number)))
        self.model.errands.pop(_key(number), None)

    @rule(number=st.integers(0, 5), wait=st.sampled_from((0.0, 30.0, 3_600.0)))
    def postpone_errand(self, number: int, wait: float) -> None:
        """A postponed errand waits for its new time and remembers that it was tried."""
        due_at = self.clock.now() + wait
        self.run(self.queue.postpone_errand(_key(number), due_at))
        self.model.postpone_errand(_key(number), due_at)

    @rule(subject=subjects)
    def forget(self, subject: Subject) -> None:
        """All that names the subject is dropped, or will be when it comes back; forgetting again finds no more."""
        self.model.take_back_expired(self.clock.now())
        expected = self.model.forget(subject)
        found = self.run(self.queue.forget(subject))
        assert msgspec.structs.replace(found, facts=0) == expected
        again = self.run(self.queue.forget(subject))
        assert again == Forgotten()
        letters = self.run(self.queue.dead_letters(Selection(), limit=10_000))
        assert not any(Match(subject).takes(letter.source, letter.event) for letter in letters)

    @rule()
    def look_at_copies(self) -> None:
        """Every copy that was told of is kept, but for those of deliveries that were not made; none of a repetition."""
        copies = self.copied(self.queue)
        if copies is not None:
            assert Counter(copies) == Counter(self.model.copies)

    @rule(source=st.sampled_from(("shop", "backend")), mode=st.sampled_from((*Mode, None)))
    def switch_mode(self, source: str, mode: Mode | None) -> None:
        """A person's word for a source stands until another, or until it is forgotten."""
        switch = None if mode is None else Switch(mode, Mode.LIVE, self.clock.now())
        self.run(self.queue.switch_mode(source, switch))
        self.model.modes = {name: kept for name, kept in self.model.modes.items() if name != source}
        if switch is not None:
            self.model.modes[source] = switch

    @invariant()
    def modes_are_as_they_should_be(self) -> None:
        """Every engine knows who was switched, also after a crash."""
        assert dict(self.queue.modes()) == self.model.modes

    @rule()
    def let_a_week_pass(self) -> None:
        """After a week a request's key says nothing any more."""
        self.clock.advance(ONCE_SECONDS)


def _key(number: int) -> bytes:
    return number.to_bytes(16, "little")
