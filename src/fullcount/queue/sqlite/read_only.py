"""A connection for those who only look: it can change nothing, and no read takes longer than a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from fullcount.clock import elapsed_seconds
from fullcount.errors import StoreUnavailable
from fullcount.queue.sqlite.connection import open_for_reading, store_error

READ_SECONDS = 1.0


class ReadOnly:
    """One such connection. Use it as a context manager, in one thread."""

    def __init__(self, path: Path, read_seconds: float = READ_SECONDS) -> None:
        """Open the store for reading.

        Raises:
            StoreUnavailable: there is no store, or it cannot be read now.
            StoreCorrupt: it is not a store of ours.
        """
        self._path = path
        self._read_seconds = read_seconds
        self._deadline = float("inf")
        self.connection = open_for_reading(path)
        self.connection.set_progress_handler(self._is_late, 1_000)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read one state of the store, for a second at most.

        Raises:
            StoreUnavailable: it took longer, or the store cannot be read now.
            StoreCorrupt: the file is damaged.
        """
        self._deadline = elapsed_seconds() + self._read_seconds
        try:
            with self.connection:
                yield
        except apsw.InterruptError as error:
            raise StoreUnavailable(
                f"the read took more than {self._read_seconds:g} s",
                where=str(self._path),
                fix="ask for a shorter time or fewer rows",
            ) from error
        except apsw.Error as error:
            raise store_error(error, self._path) from error
        finally:
            self._deadline = float("inf")

    def _is_late(self) -> bool:
        return elapsed_seconds() > self._deadline
