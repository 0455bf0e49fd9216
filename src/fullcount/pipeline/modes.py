"""Live or observe: the settings' word for a source, a person's newer word for it, and what is said of that at start."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from fullcount.config.settings import Mode, Settings
from fullcount.pipeline.terms import SourceTerms
from fullcount.queue.switch import Switches, mode_of

RULE = "the switch holds until the settings' mode for the source is changed; then the settings count"


def in_force(terms: SourceTerms, switches: Switches) -> SourceTerms:
    """Return the terms that hold for a request now; a person's switch goes before the settings."""
    switch = switches.get(terms.name)
    if switch is None:
        return terms
    said = Mode.OBSERVE if terms.is_observed else Mode.LIVE
    mode = mode_of(said, switch)
    return terms if mode is said else msgspec.structs.replace(terms, is_observed=mode is Mode.OBSERVE)


def void_switches(settings: Settings, switches: Switches) -> list[str]:
    """Return the names of sources whose switch counts no more: their settings were changed, or they are gone."""
    said = {source.name: source.mode or Mode.LIVE for source in settings.sources}
    return [name for name, switch in switches.items() if name not in said or not switch.holds(said[name])]


def lines_of_switches(settings: Settings, switches: Switches) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what an operator should know of switched sources, as log events with their values."""
    void = void_switches(settings, switches)
    for name, switch in sorted(switches.items()):
        at = dt.datetime.fromtimestamp(switch.at, dt.UTC).isoformat(timespec="seconds")
        values = {"source": name, "switched_to": switch.mode.value, "switched_at": at}
        if name in void:
            yield "a person's switch is forgotten: the source's settings changed since", values
        else:
            yield "source was switched by a person", {**values, "settings_say": switch.instead_of.value, "rule": RULE}
