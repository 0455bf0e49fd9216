"""One owner per file: an exclusive lock on `PATH.owner` for as long as the owner lives."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from fullcount.errors import StoreOwned, StoreUnavailable


class Owner:
    """Holds the lock. The system lets go of it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock of the store at `path`.

        Raises:
            StoreOwned: another process has it.
            StoreUnavailable: the lock file cannot be made.
        """
        self._lock_path = lock_path(path)
        try:
            self._file = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnavailable(
                f"the lock file cannot be made ({error.strerror})",
                where=str(self._lock_path),
                fix="see that the folder exists and that this user may write there",
            ) from error
        if not _lock(self._file):
            pid = _read_pid(self._file)
            os.close(self._file)
            raise StoreOwned(
                f"the store is owned by process {pid}",
                where=str(path),
                fix="stop that process, or name another file in storage.url",
                pid=pid,
            )
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let another process have the store."""
        os.close(self._file)


def lock_path(path: Path) -> Path:
    """Return where the lock of the store at `path` lies: beside the file itself, whatever links lead to it."""
    file = path.resolve()
    return file.with_name(file.name + ".owner")


def owner_pid(path: Path) -> int | None:
    """Return the process that owns the store at `path` now, 0 if it cannot be known; None if nobody does."""
    try:
        file = os.open(lock_path(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _read_pid(file)
    else:
        return None
    finally:
        os.close(file)


def _lock(file: int) -> bool:
    for _ in range(100):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.sched_yield()  # it may only be `owner_pid` of another process, looking
        else:
            return True
    return False


def _read_pid(file: int) -> int:
    text = os.pread(file, 20, 0)
    return int(text) if text.isdigit() else 0
