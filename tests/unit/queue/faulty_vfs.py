"""A file layer for SQLite that fails when a test says so: a full disk, a broken one, a sync whose result is unknown."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import apsw


class FaultyVFS(apsw.VFS):
    """Registered under `name` for as long as the test needs it. Set `fault`; reads always work."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fault: type[apsw.Error] | None = None
        self.fails_on = {"write", "sync"}
        self.failures = 0
        self.waits = 0
        super().__init__(name, "")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.fault = None
        self.unregister()

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - apsw's name
        """Open a file that asks this layer before it writes."""
        return _FaultyFile(self, name, flags)

    def xSleep(self, microseconds: int) -> int:  # noqa: N802 - apsw's name
        """Count how often SQLite waits for a lock."""
        self.waits += 1
        return super().xSleep(microseconds)

    def check(self, what: str) -> None:
        """Raise the fault if it is set for this kind of call."""
        if self.fault is not None and what in self.fails_on:
            self.failures += 1
            raise self.fault("the test broke the disk")


class _FaultyFile(apsw.VFSFile):
    def __init__(self, vfs: FaultyVFS, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._vfs = vfs
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 - apsw's name
        self._vfs.check("write")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 - apsw's name
        self._vfs.check("sync")
        super().xSync(flags)
