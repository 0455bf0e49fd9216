"""Whether a source is live or only observes: what the settings say, unless a person switched it since."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fullcount.config.settings import Mode


class Switch(msgspec.Struct, frozen=True):
    """A person's word for one source. It holds for as long as the settings say what they said when it was given."""

    mode: Mode
    instead_of: Mode  # what the settings said
    at: float  # Unix seconds

    def holds(self, said: Mode) -> bool:
        """Return whether it counts where the settings say this; once they were changed, they are the newer word."""
        return self.instead_of is said


Switches = Mapping[str, Switch]  # by the source's name


def mode_of(said: Mode, switch: Switch | None) -> Mode:
    """Return a source's mode: what its settings say, or what a person switched it to since.

    >>> live = Switch(Mode.LIVE, instead_of=Mode.OBSERVE, at=0.0)
    >>> mode_of(Mode.OBSERVE, live).value, mode_of(Mode.OBSERVE, None).value
    ('live', 'observe')
    """
    return said if switch is None or not switch.holds(said) else switch.mode
