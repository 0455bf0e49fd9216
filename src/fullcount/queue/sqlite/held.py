"""Held deliveries: stored alone, found by key, waiting for their other half or for their hour."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from fullcount.queue.sqlite.connection import blobs, fetch, integers
from fullcount.queue.sqlite.lanes import LaneBook, Lanes
from fullcount.queue.sqlite.rows import HeldForm, Row, decode_held, encode_row

ROWS_PER_STEP = 500


class HeldRow(msgspec.Struct, frozen=True):
    """One held delivery and its lane."""

    book: LaneBook
    row: HeldForm


class Held:
    """The held deliveries of every lane."""

    def __init__(self, connection: apsw.Connection, lanes: Lanes) -> None:
        self._connection = connection
        self._lanes = lanes

    def find(self, keys: Sequence[bytes]) -> dict[bytes, HeldRow]:
        """Return what is held under these keys."""
        if not keys or not self._lanes.held_total():
            return {}
        rows = self._connection.execute(
            "SELECT lane, row FROM held WHERE key IN (SELECT value FROM carray(?))", (blobs(keys),)
        )
        found = [HeldRow(self._lanes.by_id(lane), decode_held(stored)) for lane, stored in rows]
        return {held.row.key: held for held in found}

    def is_held(self, key: bytes) -> bool:
        """Return whether a delivery is held under this key."""
        return bool(self.find([key]))

    def add(self, book: LaneBook, rows: Sequence[tuple[HeldForm, float]]) -> None:
        """Hold these rows, each until its own time (Unix seconds)."""
        self._connection.executemany(
            "INSERT INTO held VALUES (?, ?, ?, ?, ?, ?)",
            [(row.seq, row.key, book.id, until, row.accepted_at, encode_row(row)) for row, until in rows],
        )
        book.held += len(rows)

    def replace(self, row: HeldForm) -> None:
        """Hold this in place of what is held under its seq, for as long."""
        self._connection.execute("UPDATE held SET row = ? WHERE seq = ?", (encode_row(row), row.seq))

    def remove(self, book: LaneBook, rows: Sequence[Row]) -> None:
        """Hold these no longer; the caller puts them elsewhere."""
        self._connection.execute(
            "DELETE FROM held WHERE seq IN (SELECT value FROM carray(?))",
            (integers([row.seq for row in rows]),),
        )
        book.held -= len(rows)

    def after(self, book: LaneBook, seq: int) -> list[HeldForm]:
        """Return held rows of a lane behind this seq, some at a time."""
        rows = self._connection.execute(
            "SELECT row FROM held WHERE lane = ? AND seq > ? ORDER BY seq LIMIT ?", (book.id, seq, ROWS_PER_STEP)
        )
        return [decode_held(stored) for (stored,) in rows]

    def ripe(self, now: float) -> list[HeldRow]:
        """Return those whose time has come, the longest ripe first, some at a time."""
        rows = fetch(
            self._connection,
            "SELECT lane, row FROM held WHERE release_at <= ? ORDER BY release_at LIMIT ?",
            (now, ROWS_PER_STEP),
        )
        return [HeldRow(self._lanes.by_id(lane), decode_held(stored)) for lane, stored in rows]
