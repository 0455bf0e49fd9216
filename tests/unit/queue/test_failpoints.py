from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from fullcount import wiring
from fullcount.config.load import Loaded
from fullcount.config.settings import Settings, Storage
from fullcount.errors import ConfigError
from fullcount.queue.failpoints import VARIABLE, Failpoint, Trigger


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


@pytest.mark.parametrize("setting", ["nonsense", "MID_SETTLE", ":3"])
def test_an_unknown_failpoint_is_refused_with_the_known_ones(setting: str) -> None:
    """A slip in the name would else test nothing, and look as if all went well."""
    with pytest.raises(ConfigError) as caught:
        Trigger(setting)
    assert caught.value.where == VARIABLE
    assert all(name in caught.value.fix for name in Failpoint)


@pytest.mark.parametrize("passes", ["", "0", "-1", "two", "1:2"])
def test_a_count_that_is_none_is_refused(passes: str) -> None:
    """Passes are counted from 1."""
    with pytest.raises(ConfigError, match="no count of passes"):
        Trigger(f"mid_settle:{passes}")


def test_serve_refuses_to_start_with_an_unknown_failpoint(tmp_path: Path) -> None:
    """Nothing is opened, and no store is made."""
    path = tmp_path / "fullcount.db"
    settings = msgspec.structs.replace(Settings(), storage=Storage(url=f"sqlite:{path}"))
    with pytest.raises(ConfigError, match="nonsense"):
        asyncio.run(wiring.serve(Loaded(settings, (), None), {VARIABLE: "nonsense"}))
    assert not path.exists()
