from __future__ import annotations

from fullcount.queue.failpoints import Failpoint, Trigger


def test_a_failpoint_fires_at_its_nth_pass_and_never_again() -> None:
    """The setting "name:3" fires at the third pass of that name alone."""
    trigger = Trigger("mid_settle:3")
    passes = [trigger.fires_at(Failpoint.MID_SETTLE) for _ in range(5)]
    assert passes == [False, False, True, False, False]
    assert not Trigger("mid_settle").fires_at(Failpoint.AFTER_LEASE)


def test_without_a_number_it_fires_at_the_first_pass() -> None:
    """A bare name means the first pass; nothing set means never."""
    assert Trigger("after_lease").fires_at(Failpoint.AFTER_LEASE)
    assert not any(Trigger("").fires_at(name) for name in Failpoint)
