"""Small numbers for what repeats in every row: the pixel's name, the event's name, the source's name."""

from __future__ import annotations

import apsw
import msgspec

MOST_LABELS = 10_000  # senders choose event names: without a bound they could fill the memory
OTHER = "(other)"


class Label(msgspec.Struct, frozen=True, array_like=True):
    """What an event is counted under."""

    pixel: str  # the pixel's name in the settings; empty where an event reached none
    event: str
    source: str


class Labels:
    """Every label that was ever used, by number. A new one is stored with the group that brings it."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._ids: dict[tuple[str, str, str], int] = {}
        self._labels: dict[int, Label] = {}
        for label_id, pixel, event, source in connection.execute("SELECT id, pixel, event, source FROM label"):
            self._remember(label_id, Label(pixel, event, source))

    def id_of(self, pixel: str, event: str, source: str) -> int:
        """Return the label's number. Names beyond a bound are counted together as "(other)"."""
        found = self._ids.get((pixel, event, source))
        if found is not None:
            return found
        if len(self._ids) >= MOST_LABELS and event != OTHER:
            return self.id_of(pixel, OTHER, source)
        label = Label(pixel, event, source)
        label_id = len(self._labels) + 1
        self._connection.execute("INSERT INTO label VALUES (?, ?, ?, ?)", (label_id, pixel, event, source))
        self._remember(label_id, label)
        return label_id

    def of_source(self, source: str) -> list[int]:
        """Return the numbers of all labels of a source."""
        return [label_id for label_id, label in self._labels.items() if label.source == source]

    def __getitem__(self, label_id: int) -> Label:
        return self._labels[label_id]

    def _remember(self, label_id: int, label: Label) -> None:
        self._ids[label.pixel, label.event, label.source] = label_id
        self._labels[label_id] = label
