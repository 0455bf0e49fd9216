"""Room on the disk: when accepting stops, and how the write-ahead log is kept small."""

from __future__ import annotations

from pathlib import Path

import apsw

from fullcount.clock import elapsed_seconds
from fullcount.errors import StoreUnavailable
from fullcount.queue.sqlite.connection import BUSY_TIMEOUT_MS
from fullcount.queue.sqlite.settings import StoreSettings

HOLD_OFF_SECONDS = 1.0  # after a full disk only settling is tried for so long
CUT_AGAIN_SECONDS = 10.0  # after a reader was in the way of cutting the log
PAGE_BYTES = 4_096


class Disk:
    """Watches the room for one store."""

    def __init__(self, path: Path, settings: StoreSettings) -> None:
        self._path = path
        file = path.resolve()
        self._wal = file.with_name(file.name + "-wal")
        self._settings = settings
        self._checked_at = float("-inf")
        self._free_bytes = 0
        self._held_off_until = float("-inf")
        self._wal_pages = 0
        self._cut_again_at = float("-inf")
        self._must_cut = False

    def free_bytes(self) -> int:
        """Return how much may still be written, looked up at most once in `disk_check_seconds`."""
        now = elapsed_seconds()
        if now - self._checked_at >= self._settings.disk_check_seconds:
            self._free_bytes = self._settings.free_disk(self._path.parent)
            self._checked_at = now
        return self._free_bytes

    def refusal(self) -> StoreUnavailable | None:
        """Return why nothing may be accepted now; None if it may."""
        if elapsed_seconds() < self._held_off_until:
            return StoreUnavailable("the disk is full", where=str(self._path), fix="free some disk space")
        free, floor = self.free_bytes(), self._settings.min_free_disk
        if free >= floor:
            return None
        return StoreUnavailable(
            f"the disk has {free // 1_000_000} MB free, less than storage.min_free_disk ({floor // 1_000_000} MB)",
            where=str(self._path),
            fix="free some disk space; what waits is still delivered",
        )

    def hold_off(self) -> None:
        """Refuse accepts for a moment, so that settling, which frees room, is not refused with them."""
        self._held_off_until = elapsed_seconds() + HOLD_OFF_SECONDS

    def watch(self, connection: apsw.Connection) -> None:
        """Learn the length of the write-ahead log at each commit."""
        connection.set_wal_hook(self._note_pages)

    def _note_pages(self, connection: apsw.Connection, name: str, pages: int) -> int:
        del connection, name
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def wal_bytes(self) -> int:
        """Return the size of the write-ahead log's file."""
        try:
            return self._wal.stat().st_size
        except OSError:
            return 0

    def cut_soon(self) -> None:
        """Cut the log's file with the next checkpoint that no reader is in the way of: it holds what was forgotten."""
        self._must_cut = True

    def checkpoint(self, connection: apsw.Connection) -> None:
        """Write the log back once it is long; cut its file if a reader let it grow over its limit, or if it must be."""
        is_long = self._wal_pages * PAGE_BYTES >= self._settings.checkpoint_bytes
        is_too_long = self._must_cut or (is_long and self.wal_bytes() > self._settings.wal_limit_bytes)
        if is_too_long and elapsed_seconds() >= self._cut_again_at:
            if self._checkpoint(connection, apsw.SQLITE_CHECKPOINT_TRUNCATE, wait_ms=0):
                self._must_cut = False
            else:
                self._cut_again_at = elapsed_seconds() + CUT_AGAIN_SECONDS
        elif is_long:
            self._checkpoint(connection, apsw.SQLITE_CHECKPOINT_PASSIVE, wait_ms=0)

    def checkpoint_all(self, connection: apsw.Connection) -> None:
        """Write everything back, so that the file stands alone."""
        self._checkpoint(connection, apsw.SQLITE_CHECKPOINT_TRUNCATE, wait_ms=100)

    def _checkpoint(self, connection: apsw.Connection, mode: int, wait_ms: int) -> bool:
        try:
            connection.set_busy_timeout(wait_ms)
            connection.wal_checkpoint(mode=mode)
        except apsw.Error:
            return False  # a reader is in the way, or the disk is full: the log keeps what was committed
        finally:
            connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        self._wal_pages = 0
        return True
