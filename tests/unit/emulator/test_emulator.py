"""The emulator without a socket: what a test may ask of it directly."""

from __future__ import annotations

import pytest

from fullcount.clock import ManualClock
from fullcount.emulator.counting import Verdict
from fullcount.emulator.emulator import Emulator
from fullcount.errors import ConfigError

PIXEL = "CEXAMPLE0PIXEL000001"


def test_a_wrong_fault_is_refused_with_its_path() -> None:
    """A script that cannot be read is a ConfigError, and nothing of it is kept."""
    emulator = Emulator({PIXEL: "test-token"})
    with pytest.raises(ConfigError, match=r"faults\[1\]"):
        emulator.add_faults({"kind": "reset"}, {"kind": "code"})
    assert emulator.waiting_faults() == []


def test_a_pixel_copy_for_an_unknown_pixel_is_refused() -> None:
    """The browser half needs a known pixel too."""
    with pytest.raises(ConfigError, match="CUNKNOWN"):
        Emulator({PIXEL: "test-token"}).take_pixel_copy("CUNKNOWN", "Purchase")


def test_filters_select_by_raw_and_by_canonical_name() -> None:
    """Purchase finds CompletePayment too, as TikTok's reports do; CompletePayment finds only itself."""
    emulator = Emulator({PIXEL: ["first-test", "second-test"]}, clock=ManualClock())
    for name in ("Purchase", "CompletePayment", "Search"):
        assert emulator.take_pixel_copy(PIXEL, name, "1") is Verdict.COUNTED
    assert [len(emulator.events(event=name)) for name in ("Purchase", "CompletePayment", "Lead")] == [2, 1, 0]
    assert len(emulator.events(event="Search", event_id="1", pixel_code=PIXEL)) == 1


def test_the_clock_follows_its_base_and_its_offset() -> None:
    """Moving the base moves the emulator; its own offset comes on top, and may go back."""
    base = ManualClock(1_000.0)
    emulator = Emulator({PIXEL: "test-token"}, clock=base)
    emulator.clock.advance(50)
    base.advance(5)
    assert emulator.clock.now() == 1_055.0
    emulator.clock.set_now(900.0)
    assert (emulator.clock.now(), emulator.clock.offset) == (900.0, -105.0)
    emulator.reset()
    assert emulator.clock.now() == 1_005.0
