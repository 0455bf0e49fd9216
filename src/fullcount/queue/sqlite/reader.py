"""A view of the store for those who only look: the command line, the ledger and the dashboard.

Each call reads one state of the store.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fullcount.clock import DAY_SECONDS
from fullcount.events.model import EventSource
from fullcount.queue.copies import Copies, Copy
from fullcount.queue.delivery import DeadLetter, LaneState, Selection
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason
from fullcount.queue.records import Count, ObservedRow, TimelineRow
from fullcount.queue.sqlite.copies import copy_tables, ended_keys, read_copies
from fullcount.queue.sqlite.dead import selection_sql
from fullcount.queue.sqlite.labels import Label
from fullcount.queue.sqlite.modes import read_switches
from fullcount.queue.sqlite.observed import has_switches, observed_rows
from fullcount.queue.sqlite.partitions import Partitions, day_of
from fullcount.queue.sqlite.read_only import ReadOnly
from fullcount.queue.sqlite.refunds import refund_rows
from fullcount.queue.sqlite.rows import decode_row
from fullcount.queue.sqlite.timeline import Timeline
from fullcount.queue.sqlite.unreadable import readable, stand_in
from fullcount.queue.switch import Switches

MOST_KEYLESS = 200_000  # a tenth of a second
MOST_FACTS = 200_000  # likewise
MOST_COPIES = 500_000
KEYS_PER_READ = 5_000  # each is looked up in every table of the ledger


class Reader(ReadOnly):
    """The read-only calls."""

    def lane_states(self) -> list[LaneState]:
        """Return every lane that holds something or is paused."""
        with self.reading():
            pauses = "SELECT id, paused, paused_at, paused_by_person FROM lane"
            paused = {row[0]: row[1:] for row in self.connection.execute(pauses)}
            waiting: dict[int, _Waiting] = {}
            for lane, is_queued, count, oldest, due_at in self.connection.execute(
                "SELECT lane, lease_id IS NULL, sum(count), min(accepted_at), min(due_at) FROM chunk GROUP BY 1, 2"
            ):
                waiting.setdefault(lane, _Waiting()).add_chunks(count, oldest, due_at if is_queued else None)
            for lane, count, oldest in self.connection.execute(
                "SELECT lane, count(*), min(accepted_at) FROM held GROUP BY 1"
            ):
                waiting.setdefault(lane, _Waiting()).add_held(count, oldest)
            return [
                waiting.get(lane_id, _Waiting()).state(lane, *paused[lane_id])
                for lane_id, lane in self._lanes().items()
                if lane_id in waiting or paused[lane_id][1] is not None
            ]

    def dead_letters(self, selection: Selection, limit: int = 100) -> list[DeadLetter]:
        """Return the newest dead letters that match."""
        with self.reading():
            lanes, labels = self._lanes(), self._labels()
            where, bindings = selection_sql(selection, lanes)
            letters: list[DeadLetter] = []
            for table in reversed(Partitions(self.connection).existing("dead")):
                for lane, reason, code, message, died_at, stored in self.connection.execute(
                    f"SELECT lane, reason, code, message, died_at, row FROM {table}"
                    f" WHERE true {where} ORDER BY id DESC LIMIT ?",
                    (*bindings, limit - len(letters)),
                ):
                    row = decode_row(stored)
                    label = labels[row.label]
                    event = readable(row.event) or stand_in(label.event, row.accepted_at)
                    letters.append(
                        DeadLetter(
                            seq=row.seq,
                            lane=lanes[lane],
                            event=event,
                            source=label.source,
                            pixel=label.pixel,
                            reason=Reason(reason),
                            code=code,
                            message=message,
                            died_at=died_at,
                            accepted_at=row.accepted_at,
                        )
                    )
            return letters

    def counts(self, since: float, until: float) -> list[Count]:
        """Return the counts of the minutes from `since` until before `until` (Unix seconds)."""
        with self.reading():
            labels = self._labels()
            found = []
            partitions = Partitions(self.connection)
            for day in range(day_of(since), day_of(until) + 1):
                if not partitions.has("tally", day):
                    continue
                for minute, label_id, outcome, reason, n in self.connection.execute(
                    f"SELECT minute, label, outcome, reason, n FROM tally_{day} WHERE minute >= ? AND minute * 60 < ?",
                    (int(since) // 60, until),
                ):
                    label = labels[label_id]
                    found.append(Count(minute, label.pixel, label.event, label.source, outcome, reason, n))
            return found

    def timeline_rows(self, keys: Sequence[bytes]) -> dict[bytes, list[TimelineRow]]:
        """Return all that is known of the events with these keys, oldest first; unknown keys are left out."""
        found: dict[bytes, list[TimelineRow]] = {}
        for start in range(0, len(keys), KEYS_PER_READ):
            with self.reading():
                timeline = Timeline(self.connection, self._lanes(), self._labels())
                found |= timeline.rows(keys[start : start + KEYS_PER_READ])
        return found

    def keyless_rows(self, event_id: str, most: int = MOST_KEYLESS) -> list[TimelineRow]:
        """Return the facts about events of this id that were refused before their key was known, oldest first.

        They are looked for among the newest `most` facts of that kind.
        """
        with self.reading():
            return Timeline(self.connection, self._lanes(), self._labels()).without_key(event_id, most)

    def refund_rows(self, event_id: str) -> list[TimelineRow]:
        """Return the refunds of the order whose event has this id, oldest first."""
        with self.reading():
            return list(refund_rows(self.connection, self._labels(), event_id))

    def observed(self, source: str, since: float, most: int = MOST_FACTS) -> tuple[list[ObservedRow], bool]:
        """Return what a source that observes would have sent since a moment (Unix seconds), the newest first.

        The flag says that there is more: only the newest `most` facts are looked through.
        """
        with self.reading():
            return observed_rows(self.connection, self._labels(), source, since, most)

    def modes(self) -> Switches:
        """Return the sources that a person switched, by name; none in a store that is older than that."""
        with self.reading():
            return read_switches(self.connection) if has_switches(self.connection) else {}

    def copies(self, since: float, until: float, pixel: str = "", most: int = MOST_COPIES) -> Copies:
        """Return the copies of events between two moments (Unix seconds), at one pixel or (empty) at all."""
        with self.reading():
            tables = copy_tables(Partitions(self.connection), since)
        found: list[Copy] = []
        is_cut = False
        for table in tables:
            with self.reading():
                rows, is_more = read_copies(self.connection, table, (since, until), pixel, most - len(found))
            found += rows
            is_cut = is_cut or is_more
        return Copies(tuple(sorted(found, key=lambda copy: copy.at)), is_cut)

    def ended_unsent(self, keys: Sequence[bytes]) -> dict[bytes, float]:
        """Return those of these keys whose delivery was given up or withheld, and when that was last."""
        found: dict[bytes, float] = {}
        for start in range(0, len(keys), KEYS_PER_READ):
            with self.reading():
                for key, at in ended_keys(self.connection, keys[start : start + KEYS_PER_READ]):
                    found[key] = max(at, found.get(key, at))
        return found

    def seq_of(self, key: bytes) -> int | None:
        """Return the newest delivery with this key; None if none is known."""
        with self.reading():
            return max(Timeline(self.connection, {}, {}).seqs([key]).get(key, ()), default=None)

    def known_lanes(self) -> list[Lane]:
        """Return every lane that was ever used."""
        with self.reading():
            return list(self._lanes().values())

    def event_names(self) -> list[str]:
        """Return every canonical event name that was ever counted, in order."""
        with self.reading():
            return sorted({label.event for label in self._labels().values()})

    def days(self) -> list[float]:
        """Return the beginnings (Unix seconds) of the days that the counts cover, oldest first."""
        with self.reading():
            tables = Partitions(self.connection).existing("tally")
            return [float(int(name.rpartition("_")[2]) * DAY_SECONDS) for name in tables]

    def _lanes(self) -> dict[int, Lane]:
        rows = self.connection.execute("SELECT id, pixel_code, event_source, test_event_code FROM lane")
        return {lane_id: Lane(pixel, EventSource(source), test) for lane_id, pixel, source, test in rows}

    def _labels(self) -> dict[int, Label]:
        rows = self.connection.execute("SELECT id, pixel, event, source FROM label")
        return {label_id: Label(pixel, event, source) for label_id, pixel, event, source in rows}


class _Waiting(msgspec.Struct):
    """What waits on one lane, gathered row by row."""

    queued: int = 0
    leased: int = 0
    held: int = 0
    oldest: float | None = None
    next_due_at: float | None = None

    def add_chunks(self, count: int, oldest: float, due_at: float | None) -> None:
        if due_at is None:
            self.leased += count
        else:
            self.queued += count
            self.next_due_at = due_at
        self.oldest = oldest if self.oldest is None else min(oldest, self.oldest)

    def add_held(self, count: int, oldest: float) -> None:
        self.held += count
        self.oldest = oldest if self.oldest is None else min(oldest, self.oldest)

    def state(self, lane: Lane, paused: str | None, paused_at: float | None, by_person: int) -> LaneState:
        return LaneState(
            lane,
            self.queued,
            self.leased,
            self.held,
            self.oldest,
            self.next_due_at,
            paused or "",
            paused_at,
            bool(by_person),
        )
