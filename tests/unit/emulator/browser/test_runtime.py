"""The script that a page is given, and the switches that shape it."""

from __future__ import annotations

import re

import msgspec
import pytest

from fullcount.emulator.browser.runtime import RENAMED, script_for
from fullcount.emulator.browser.switches import SwitchChanges, Switches, change, switches_of
from fullcount.emulator.names import STANDARD
from fullcount.emulator.settings import EmulatorSettings

SWITCHES = switches_of(EmulatorSettings())


def config_of(script: bytes) -> dict[str, object]:
    """Return the object that the script is called with."""
    found = re.search(rb"\}\)\((\{.*\})\);\n$", script)
    assert found is not None
    config: dict[str, object] = msgspec.json.decode(found[1])
    return config


def test_the_script_is_told_its_pixel() -> None:
    """The runtime is one function; behind it stands the call with pixel, object name, names and cookie life."""
    script = script_for("CONE", "ttq", SWITCHES)
    assert script.startswith(b"/*\n * The emulator's pixel")
    assert config_of(script) == {
        "pixelCode": "CONE",
        "objectName": "ttq",
        "renamed": RENAMED,
        "clickIdCookieSeconds": 86_400,
        "libraryVersion": "2.2.1-emulated",
    }


@pytest.mark.parametrize("name", ["", "a b", "x);alert(1", "1st", "é", "a" * 65])
def test_a_name_that_no_script_could_use_is_replaced(name: str) -> None:
    """`lib` comes from an address that anybody may write: what is no identifier becomes `ttq`."""
    assert config_of(script_for("CONE", name, SWITCHES))["objectName"] == "ttq"


def test_names_are_sent_as_given_where_that_is_switched() -> None:
    """Without renaming the script knows no other names."""
    switches = change(SWITCHES, SwitchChanges(rename_events=False))
    assert config_of(script_for("CONE", "ttq", switches))["renamed"] == {}


def test_every_name_becomes_a_standard_one() -> None:
    """The renamed names end at names that TikTok knows, and none of them is renamed again."""
    assert len(RENAMED) == 14
    assert set(RENAMED.values()) <= STANDARD
    assert not RENAMED.keys() & set(RENAMED.values())


def test_switches_begin_as_the_settings_say() -> None:
    """Each switch is a setting of the same name, and changing one leaves the others."""
    settings = EmulatorSettings(rename_events=False, click_window_days=28.0)
    assert switches_of(settings) == Switches(
        rename_events=False, ttclid_cookie_seconds=86_400, click_window_days=28.0, view_window_days=1.0
    )
    assert change(SWITCHES, SwitchChanges(view_window_days=7.0)) == Switches(
        rename_events=True, ttclid_cookie_seconds=86_400, click_window_days=7.0, view_window_days=7.0
    )
