"""Which sources a person switched to live or to observe, and when."""

from __future__ import annotations

import apsw

from fullcount.config.settings import Mode
from fullcount.queue.switch import Switch, Switches


class Modes:
    """Reads and writes the switches. `standing` is never changed in place: whoever holds it may be another thread."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.standing: Switches = read_switches(connection)

    def put(self, source: str, switch: Switch | None) -> None:
        """Let a switch stand, or forget the one that stands."""
        self._connection.execute("DELETE FROM mode WHERE source = ?", (source,))
        if switch is not None:
            self._connection.execute(
                "INSERT INTO mode VALUES (?, ?, ?, ?)",
                (source, switch.mode.value, switch.instead_of.value, switch.at),
            )
        self.standing = read_switches(self._connection)

    def switch(self, source: str, mode: Mode, said: Mode, now: float) -> None:
        """Switch a source whose settings say `said`; back to that, nothing is left to remember."""
        self.put(source, None if mode is said else Switch(mode, said, now))


def read_switches(connection: apsw.Connection) -> Switches:
    """Return the switches of a store of the newest version."""
    rows = connection.execute("SELECT source, mode, instead_of, switched_at FROM mode")
    return {source: Switch(Mode(mode), Mode(said), at) for source, mode, said, at in rows}
