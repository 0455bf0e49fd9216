"""How a store's file is opened, and what its errors mean to a caller."""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw

from fullcount.errors import FullcountError, StoreCorrupt, StoreUnavailable

APPLICATION_ID = 0x46434E54  # "FCNT" in the file's header
BUSY_TIMEOUT_MS = 5_000  # how long a writer waits for another program's lock
WAL_LIMIT_BYTES = 64 * 1024 * 1024
_DAMAGED = (apsw.CorruptError, apsw.NotADBError, apsw.FormatError)
_UNAVAILABLE = (
    apsw.FullError,
    apsw.IOError,
    apsw.BusyError,
    apsw.LockedError,
    apsw.CantOpenError,
    apsw.ReadOnlyError,
    apsw.PermissionsError,
    apsw.ProtocolError,
    apsw.NoMemError,
    apsw.NoLFSError,
    apsw.InterruptError,
)
_RESTORE = "stop, keep a copy of the file and of its -wal beside it, and restore a backup or name a new file"


def open_for_writing(path: Path, vfs: str | None = None) -> apsw.Connection:
    """Return the owner's connection: WAL, every commit on disk before it is answered.

    Raises:
        StoreCorrupt: it is not a store of ours, or damaged; nothing was written to it.
        StoreUnavailable: it cannot be opened now.
    """
    _make_private(path)
    try:
        connection = apsw.Connection(str(path), vfs=vfs, statementcachesize=256)
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        _check_is_ours(connection, path)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=FAST")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("PRAGMA cache_size=-32000")
        connection.execute(f"PRAGMA journal_size_limit={WAL_LIMIT_BYTES}")
        connection.wal_autocheckpoint(0)  # the writer does it after it has answered
    except apsw.Error as error:
        raise store_error(error, path) from error
    return connection


def fetch(connection: apsw.Connection, sql: str, bindings: Sequence[Any] = ()) -> list[Any]:
    """Return all rows of a query, each a tuple of its columns."""
    return connection.execute(sql, bindings).fetchall()


def integers(values: Sequence[int]) -> Any:
    """Return numbers as an array that a query reads with `carray(?)`, without the interpreter's lock."""
    return apsw.carray(array("q", values))


def blobs(values: Sequence[bytes]) -> Any:
    """Return byte strings as an array that a query reads with `carray(?)`."""
    return apsw.carray(tuple(values))


def open_for_reading(path: Path) -> apsw.Connection:
    """Return a connection that can change nothing.

    Raises:
        StoreCorrupt: it is not a store of ours, or damaged.
        StoreUnavailable: there is no such file, or it cannot be read now.
    """
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        connection.set_busy_timeout(1_000)
        _check_is_ours(connection, path)
    except apsw.Error as error:
        raise store_error(error, path) from error
    return connection


def is_own_fault(error: Exception) -> bool:
    """Return whether what was asked is at fault, and not the file or the disk: then only that need fail."""
    return not isinstance(error, (*_DAMAGED, *_UNAVAILABLE, FullcountError))


def store_error(error: apsw.Error, path: Path) -> FullcountError:
    """Return what an error of SQLite's means: damage, nothing can be stored now, or a fault in what was asked."""
    if isinstance(error, _DAMAGED):
        return StoreCorrupt(f"the store's file is damaged ({error})", where=str(path), fix=_RESTORE)
    if is_own_fault(error):
        # SQLite's words are left out: they may quote what was to be stored.
        return FullcountError(
            f"the store cannot do what was asked ({type(error).__name__})",
            where=str(path),
            fix="nothing of it was stored and the rest goes on; report it with this line, it is a fault of Fullcount's",
        )
    fixes: dict[type[apsw.Error], str] = {
        apsw.FullError: "free some disk space; it goes on by itself",
        apsw.CantOpenError: "see that the folder exists and that this user may write there",
        apsw.ReadOnlyError: "see that this user may write the file and its folder",
        apsw.BusyError: "another program holds the file locked; end it",
    }
    fix = fixes.get(type(error), "see the disk and the system's log; it goes on by itself once writing works")
    return StoreUnavailable(f"the store cannot be written ({error})", where=str(path), fix=fix)


def _make_private(path: Path) -> None:
    """Make the file, if it is not there, so that only this user may read it; SQLite makes its log alike.

    A file that is there is not even opened: closing it would end the locks that this process has on it.
    """
    try:
        os.close(os.open(path.resolve(), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError:
        return  # it is there, or SQLite says in a moment why it cannot be


def _check_is_ours(connection: apsw.Connection, path: Path) -> None:
    ((application_id,),) = fetch(connection, "PRAGMA application_id")
    ((tables,),) = fetch(connection, "SELECT count(*) FROM sqlite_schema")
    if tables and application_id != APPLICATION_ID:
        connection.close()
        raise StoreCorrupt("the file is a database, but not a store of Fullcount's", where=str(path), fix=_RESTORE)
