"""Child processes start, tell when they are ready, and end by their id."""

from __future__ import annotations

import signal
from pathlib import Path

import aiohttp
import pytest

from fullcount.demo.control import EmulatorControl
from fullcount.demo.processes import Child, Emulator
from fullcount.errors import FullcountError


async def test_an_emulator_is_ready_when_start_returns(tmp_path: Path) -> None:
    """Its address answers at once, with the pixel it was given."""
    emulator = Emulator(tmp_path, {"CEXAMPLE0PIXEL000009": "test-token"})
    try:
        await emulator.start()
        async with aiohttp.ClientSession() as http:
            state = await EmulatorControl(http, emulator.url).require_emulator()
        assert state["pixels"] == ["CEXAMPLE0PIXEL000009"]
        assert emulator.exit_code is None
    finally:
        emulator.kill()
    assert emulator.exit_code == -signal.SIGKILL


async def test_a_child_that_ends_too_early_tells_its_last_words(tmp_path: Path) -> None:
    """Waiting for what will never be ready ends at once, with what the process complained of."""
    emulator = Emulator(tmp_path, {"": "no code"})

    with pytest.raises(FullcountError, match="ended with status 2"):
        await emulator.start()


async def test_our_own_settings_stay_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A FULLCOUNT_ variable of the caller (a base URL of TikTok's, say) never reaches a child."""
    monkeypatch.setenv("FULLCOUNT_TIKTOK__BASE_URL", "https://tiktok.example.com")
    emulator = Emulator(tmp_path, {"CEXAMPLE0PIXEL000009": "test-token"})
    try:
        await emulator.start()
        environment = _environment_of(emulator.pid)
    finally:
        emulator.kill()
    assert b"FULLCOUNT_" not in environment


def _environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def test_killing_what_was_never_started_is_nothing(tmp_path: Path) -> None:
    """Clean-up need not know how far the start came."""
    child = Child("nobody", tmp_path, ["emulate"])
    child.kill()

    assert (child.pid, child.exit_code) == (0, None)
