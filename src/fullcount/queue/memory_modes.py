"""The part of the in-memory queue that knows which sources a person switched."""

from __future__ import annotations

from fullcount.errors import StoreUnavailable
from fullcount.queue.switch import Switch, Switches


class MemoryModes:
    """Switches in a plain dict."""

    unavailable: StoreUnavailable | None

    def __init__(self) -> None:
        self._modes: dict[str, Switch] = {}

    def modes(self) -> Switches:
        """Return the sources that a person switched."""
        return self._modes

    async def switch_mode(self, source: str, switch: Switch | None) -> None:
        """Let a person's word for a source stand, or forget it."""
        if self.unavailable is not None:
            raise self.unavailable
        self._modes = {name: kept for name, kept in self._modes.items() if name != source}
        if switch is not None:
            self._modes[source] = switch
