"""What can be set about a store."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from fullcount.config.settings import Mode
from fullcount.queue.sqlite.connection import WAL_LIMIT_BYTES


def _ignore_commit(seconds: float, commands: int) -> None:
    del seconds, commands


def free_disk_bytes(folder: Path) -> int:
    """Return how much this user may still write into a folder's file system."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


class StoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The knobs of `SqliteQueue`; the defaults suit a gateway."""

    min_free_disk: int = 256 * 1024 * 1024  # bytes; below this nothing is accepted
    retention_days: int = 30  # of the ledger and of dead letters
    flush_keys: int = 65_536  # so many keys in memory begin a move into the index
    checkpoint_bytes: int = (
        2 * 1024 * 1024
    )  # of the WAL, before it is written back: little at a time, so nobody waits long
    wal_limit_bytes: int = WAL_LIMIT_BYTES  # a larger WAL is truncated
    poll_seconds: float = 0.5  # how often commands of other processes are looked for
    disk_check_seconds: float = 1.0
    modes: Mapping[str, Mode] = {}  # what the settings say of each source, which a person's switch goes before
    free_disk: Callable[[Path], int] = free_disk_bytes
    on_commit: Callable[[float, int], None] = _ignore_commit  # seconds, commands; called in the writer's thread
    vfs: str | None = None  # SQLite's file layer by name; tests put a faulty one here


class StoreStats(msgspec.Struct, frozen=True):
    """How the store is."""

    commits: int
    last_commit_seconds: float
    mean_commit_seconds: float
    longest_commit_seconds: float
    wal_bytes: int
    pending_keys: int  # accepted keys that are not in the index yet
    free_disk_bytes: int
    failure: str  # why nothing can be stored now; empty if it can
    background_failure: str = ""  # the last fault of work beside the callers'; empty once it works again
