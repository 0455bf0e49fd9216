"""Fixtures of the end-to-end tests: real processes in a folder of their own, ended by their ids."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.harness import House


@pytest.fixture
def rounds() -> int:
    """How many rounds of killing: few in `make test`, CRASH_ROUNDS in `make crash`."""
    return int(os.environ.get("CRASH_ROUNDS", "3"))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """An emulator that runs, and a gateway that waits to be started."""
    async with House(tmp_path) as house:
        yield house
