"""Tables of which there is one for each stretch of time: made when first needed, dropped whole by retention."""

from __future__ import annotations

from collections.abc import Iterator

import apsw

from fullcount.clock import DAY_SECONDS
from fullcount.queue.sqlite.schema import PARTITIONED

ROWS_PER_SLICE = 2_000  # a table of a million rows takes too long to drop at once


def day_of(at: float) -> int:
    """Return the number of the UTC day of a Unix time."""
    return int(at) // DAY_SECONDS


class Partitions:
    """Which of these tables exist. A family is a kind of `PARTITIONED`, or a kind and its variant ("seen_604800")."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._numbers: dict[str, set[int]] = {}
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"):
            family, _, number = str(name).rpartition("_")
            if family.partition("_")[0] in PARTITIONED and number.isdigit():
                self._numbers.setdefault(family, set()).add(int(number))

    def table(self, family: str, number: int) -> str:
        """Return the table's name; it is made if it is not there."""
        name = f"{family}_{number}"
        numbers = self._numbers.setdefault(family, set())
        if number not in numbers:
            self._connection.execute(PARTITIONED[family.partition("_")[0]].format(name=name))
            numbers.add(number)
        return name

    def existing(self, family: str, lowest: int = 0) -> list[str]:
        """Return the tables of a family from number `lowest` on, oldest first."""
        return [f"{family}_{number}" for number in sorted(self._numbers.get(family, ())) if number >= lowest]

    def families(self, kind: str) -> list[str]:
        """Return the families of a kind that have tables."""
        return [family for family in self._numbers if family.partition("_")[0] == kind]

    def has(self, family: str, number: int) -> bool:
        """Return whether this table exists."""
        return number in self._numbers.get(family, ())

    def expired(self, family: str, lowest: int) -> list[int]:
        """Return the numbers below `lowest`."""
        return [number for number in sorted(self._numbers.get(family, ())) if number < lowest]

    def empty(self, family: str, number: int) -> Iterator[int]:
        """Delete what one table of keys holds, a slice at each step; each yields how many rows it deleted."""
        name = f"{family}_{number}"
        while True:
            self._connection.execute(
                f"DELETE FROM {name} WHERE key IN (SELECT key FROM {name} ORDER BY key LIMIT ?)", (ROWS_PER_SLICE,)
            )
            deleted = self._connection.changes()
            if not deleted:
                return
            yield deleted

    def drop(self, family: str, number: int) -> None:
        """Drop one table with all it holds."""
        self._connection.execute(f"DROP TABLE {family}_{number}")
        self._numbers[family].discard(number)
