"""The part of the queue's contract about consent and halves: what is held, joined, refused and withdrawn."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from fullcount.clock import ManualClock
from fullcount.events.model import Half
from fullcount.queue.delivery import Selection
from fullcount.queue.forgetting import Match, Subject
from fullcount.queue.holding import Alone
from fullcount.queue.protocol import Queue
from fullcount.testing.queue_model import Model

T = TypeVar("T")

HELD_SECONDS = 20.0
# How a copy comes: what it says beside its event.
WAYS: dict[str, dict[str, Any]] = {
    "at once": {},
    "held": {"hold_seconds": HELD_SECONDS},
    "marked": {"hold_seconds": HELD_SECONDS, "alone": Alone.MARK},
    "barred": {"hold_seconds": HELD_SECONDS, "alone": Alone.WITHHOLD},
    "limited": {"hold_seconds": HELD_SECONDS, "is_limited": True},
    "limited, at once": {"is_limited": True},
    "unanswered": {"hold_seconds": HELD_SECONDS, "needs_answer": True},
    "unanswered, barred": {"hold_seconds": 2 * HELD_SECONDS, "needs_answer": True, "alone": Alone.WITHHOLD},
    "unanswered, no time": {"needs_answer": True},
}
Way = tuple[int, Half, str]  # which event, which half, and how it comes
ways = st.tuples(st.integers(0, 7), st.sampled_from(Half), st.sampled_from(sorted(WAYS)))
subjects = st.sampled_from(
    (
        Subject(),
        Subject(event_ids=("order-1", "order-4")),
        Subject(emails=(f"{1:064x}",)),
        Subject(event_ids=("order-2",), emails=(f"{2:064X}",), phones=(f"{1:064x}",)),
        Subject(click_ids=("E.C.P.test-1",)),
        Subject(browser_ids=("test-browser-2", "test-browser-0")),
    )
)


class HoldRules:
    """Rules of the state machine that `QueueContract` is."""

    clock: ManualClock
    model: Model
    queue: Queue

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Run one call of the engine's to its end."""
        raise NotImplementedError

    @rule()
    def release(self) -> None:
        """Held deliveries leave when their time has come, or end if they may not go."""
        assert self.run(self.queue.release_held()) == self.model.release(self.clock.now())

    @rule(subject=subjects)
    def withdraw(self, subject: Subject) -> None:
        """All that waits of the subject is withheld, or will be when it comes back; again there is no more."""
        self.model.take_back_expired(self.clock.now())
        assert self.run(self.queue.withdraw(subject)) == self.model.withdraw(subject)
        assert self.run(self.queue.withdraw(subject)) == 0
        letters = self.run(self.queue.dead_letters(Selection(), limit=10_000))
        assert not any(Match(subject).takes(letter.source, letter.event) for letter in letters)
