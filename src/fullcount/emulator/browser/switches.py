"""What can be changed about the browser's half while the emulator runs."""

from __future__ import annotations

from typing import Annotated

import msgspec

from fullcount.emulator.settings import EmulatorSettings

Days = Annotated[float, msgspec.Meta(ge=0, le=28)]
Seconds = Annotated[int, msgspec.Meta(ge=0)]


class Switches(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How the pixel behaves on pages that load it from now on, and how long a touch counts; named as the settings."""

    rename_events: bool
    ttclid_cookie_seconds: Seconds
    click_window_days: Days
    view_window_days: Days


class SwitchChanges(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The switches to change; what is not given stays."""

    rename_events: bool | msgspec.UnsetType = msgspec.UNSET
    ttclid_cookie_seconds: Seconds | msgspec.UnsetType = msgspec.UNSET
    click_window_days: Days | msgspec.UnsetType = msgspec.UNSET
    view_window_days: Days | msgspec.UnsetType = msgspec.UNSET


def switches_of(settings: EmulatorSettings) -> Switches:
    """Return the switches as the emulator starts with them."""
    return Switches(**{name: getattr(settings, name) for name in Switches.__struct_fields__})


def change(switches: Switches, changes: SwitchChanges) -> Switches:
    """Return `switches` with `changes`."""
    given = {name: value for name, value in msgspec.structs.asdict(changes).items() if value is not msgspec.UNSET}
    return msgspec.structs.replace(switches, **given)
