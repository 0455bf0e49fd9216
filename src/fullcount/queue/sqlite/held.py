"""Held deliveries: stored alone, found by key, waiting for their other half or for their hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apsw
import msgspec

from fullcount.queue.sqlite.chunks import Chunks
from fullcount.queue.sqlite.connection import blobs, fetch, integers
from fullcount.queue.sqlite.lanes import LaneBook, Lanes
from fullcount.queue.sqlite.rows import Row, decode_row, encode_row

ROWS_PER_STEP = 500


class HeldRow(msgspec.Struct, frozen=True):
    """One held delivery and its lane."""

    book: LaneBook
    row: Row


class Held:
    """The held deliveries of every lane."""

    def __init__(self, connection: apsw.Connection, lanes: Lanes, chunks: Chunks) -> None:
        self._connection = connection
        self._lanes = lanes
        self._chunks = chunks

    def find(self, keys: Sequence[bytes]) -> dict[bytes, HeldRow]:
        """Return what is held under these keys."""
        if not keys or not self._lanes.held_total():
            return {}
        rows = self._connection.execute(
            "SELECT lane, row FROM held WHERE key IN (SELECT value FROM carray(?))", (blobs(keys),)
        )
        found = [HeldRow(self._lanes.by_id(lane), decode_row(stored)) for lane, stored in rows]
        return {held.row.key: held for held in found}

    def is_held(self, key: bytes) -> bool:
        """Return whether a delivery is held under this key."""
        return bool(self.find([key]))

    def add(self, book: LaneBook, rows: Sequence[tuple[Row, float]]) -> None:
        """Hold these rows, each until its own time (Unix seconds)."""
        self._connection.executemany(
            "INSERT INTO held VALUES (?, ?, ?, ?, ?, ?)",
            [(row.seq, row.key, book.id, until, row.accepted_at, encode_row(row)) for row, until in rows],
        )
        book.held += len(rows)

    def remove(self, book: LaneBook, rows: Sequence[Row]) -> None:
        """Hold these no longer; the caller puts them elsewhere."""
        self._connection.execute(
            "DELETE FROM held WHERE seq IN (SELECT value FROM carray(?))",
            (integers([row.seq for row in rows]),),
        )
        book.held -= len(rows)

    def after(self, book: LaneBook, seq: int) -> list[Row]:
        """Return held rows of a lane behind this seq, some at a time."""
        rows = self._connection.execute(
            "SELECT row FROM held WHERE lane = ? AND seq > ? ORDER BY seq LIMIT ?", (book.id, seq, ROWS_PER_STEP)
        )
        return [decode_row(stored) for (stored,) in rows]

    def release(self, now: float) -> Iterator[int]:
        """Let go of those whose time has come; each step yields how many, until none is left."""
        while True:
            rows = fetch(
                self._connection,
                "SELECT lane, row FROM held WHERE release_at <= ? ORDER BY release_at LIMIT ?",
                (now, ROWS_PER_STEP),
            )
            by_lane: dict[int, list[Row]] = {}
            for lane, stored in rows:
                by_lane.setdefault(lane, []).append(decode_row(stored))
            for lane, ripe in by_lane.items():
                book = self._lanes.by_id(lane)
                ripe.sort(key=lambda row: row.seq)
                self.remove(book, ripe)
                self._chunks.add(book, ripe, now)
            yield len(rows)
            if len(rows) < ROWS_PER_STEP:
                return
