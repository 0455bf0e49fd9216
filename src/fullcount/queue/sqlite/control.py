"""Commands from other processes: rows that the owner applies within a second and answers in place."""

from __future__ import annotations

from pathlib import Path

import apsw
import msgspec

from fullcount.clock import Clock
from fullcount.config.settings import Mode
from fullcount.errors import StoreUnavailable
from fullcount.queue.delivery import Selection
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.connection import fetch, open_for_writing, store_error
from fullcount.queue.sqlite.schema import schema_version

KEPT_SECONDS = 86_400  # an answer is kept so long


class Pause(msgspec.Struct, frozen=True, tag=True):
    """Stop leasing from a lane."""

    lane: Lane
    why: str
    by_person: bool = True  # who asks from outside is one


class Resume(msgspec.Struct, frozen=True, tag=True):
    """Lease from it again."""

    lane: Lane


class Redrive(msgspec.Struct, frozen=True, tag=True):
    """Put dead letters back."""

    selection: Selection
    overridden: bool = False


class Bury(msgspec.Struct, frozen=True, tag=True):
    """Take waiting and held deliveries out."""

    selection: Selection
    reason: Reason = Reason.PURGED


class SwitchMode(msgspec.Struct, frozen=True, tag=True):
    """Let a source go live, or observe again."""

    source: str
    mode: Mode


ControlCommand = Pause | Resume | Redrive | Bury | SwitchMode


class ControlAnswer(msgspec.Struct, frozen=True):
    """What the owner says: how many deliveries it touched, or why it could not."""

    count: int = 0
    error: str = ""


_encoder = msgspec.json.Encoder()
_commands = msgspec.json.Decoder(ControlCommand)
_answers = msgspec.json.Decoder(ControlAnswer)


class ControlClient:
    """Asks the owner of a store, from another process."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open the store beside its owner.

        Raises:
            StoreUnavailable: there is no store, or it cannot be opened.
            StoreCorrupt: it is not a store of ours.
        """
        if not path.exists():
            raise StoreUnavailable("there is no store", where=str(path), fix="start `fullcount serve` once")
        self._path = path
        self._clock = clock
        self._connection = open_for_writing(path)
        if schema_version(self._connection) == 0:
            self._connection.close()
            raise StoreUnavailable("the store is empty", where=str(path), fix="start `fullcount serve` once")

    def ask(self, command: ControlCommand) -> int:
        """Leave a command for the owner; return its number.

        Raises:
            StoreUnavailable: it could not be written.
        """
        try:
            self._connection.execute(
                "INSERT INTO control (command, asked_at) VALUES (?, ?)", (_encoder.encode(command), self._clock.now())
            )
        except apsw.Error as error:
            raise store_error(error, self._path) from error
        return self._connection.last_insert_rowid()

    def result(self, command_id: int) -> ControlAnswer | None:
        """Return the owner's answer; None while there is none.

        Raises:
            StoreUnavailable: it could not be read.
        """
        try:
            rows = fetch(self._connection, "SELECT answer FROM control WHERE id = ?", (command_id,))
        except apsw.Error as error:
            raise store_error(error, self._path) from error
        return _answers.decode(rows[0][0]) if rows and rows[0][0] is not None else None

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class Inbox:
    """The owner's side: which commands are open, and where their answers go."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._data_version = -1
        self.taken: set[int] = set()

    def has_news(self) -> bool:
        """Return whether another connection has written since the last call."""
        ((version,),) = fetch(self._connection, "PRAGMA data_version")
        is_new, self._data_version = version != self._data_version, version
        return bool(is_new)

    def take(self) -> list[tuple[int, ControlCommand | None]]:
        """Return the open commands that were not taken before; None for one that cannot be read."""
        rows = self._connection.execute("SELECT id, command FROM control WHERE answered_at IS NULL ORDER BY id")
        taken: list[tuple[int, ControlCommand | None]] = []
        for command_id, command in rows:
            if command_id in self.taken:
                continue
            self.taken.add(command_id)
            try:
                taken.append((command_id, _commands.decode(command)))
            except (msgspec.MsgspecError, TypeError):  # a number where bytes should be is a TypeError
                taken.append((command_id, None))
        return taken

    def answer(self, command_id: int, answer: ControlAnswer, now: float) -> None:
        """Write the answer, and forget answers that are a day old."""
        self.taken.discard(command_id)
        self._connection.execute(
            "UPDATE control SET answered_at = ?, answer = ? WHERE id = ?", (now, _encoder.encode(answer), command_id)
        )
        self._connection.execute("DELETE FROM control WHERE answered_at < ?", (now - KEPT_SECONDS,))
