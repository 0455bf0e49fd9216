"""The lanes: their numbers, whether they are paused, and how much waits on each."""

from __future__ import annotations

import apsw
import msgspec

from fullcount.events.model import EventSource
from fullcount.queue.delivery import LaneState, LeaseLimits
from fullcount.queue.lane import Lane
from fullcount.queue.sqlite.connection import fetch


class LaneBook(msgspec.Struct):
    """One lane. The totals are counted from the store at open and kept by the writer alone."""

    id: int
    lane: Lane
    paused: str | None = None
    paused_at: float | None = None
    paused_by_person: bool = False
    queued: int = 0
    leased: int = 0
    held: int = 0

    def gives(self, limits: LeaseLimits) -> bool:
        """Return whether no pause keeps this lease from taking something."""
        return self.paused_at is None or (limits.even_if_paused and not self.paused_by_person)


class Lanes:
    """Every lane that was ever used."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._books: dict[Lane, LaneBook] = {}
        self._by_id: dict[int, LaneBook] = {}
        for lane_id, pixel, source, test, paused, paused_at, by_person in connection.execute(
            "SELECT id, pixel_code, event_source, test_event_code, paused, paused_at, paused_by_person FROM lane"
        ):
            lane = Lane(pixel, EventSource(source), test)
            self._remember(LaneBook(lane_id, lane, paused, paused_at, bool(by_person)))
        for lane_id, is_queued, count in connection.execute(
            "SELECT lane, lease_id IS NULL, sum(count) FROM chunk GROUP BY 1, 2"
        ):
            book = self._by_id[lane_id]
            if is_queued:
                book.queued = count
            else:
                book.leased = count
        for lane_id, count in connection.execute("SELECT lane, count(*) FROM held GROUP BY 1"):
            self._by_id[lane_id].held = count

    def book(self, lane: Lane) -> LaneBook:
        """Return the lane's book; a new lane gets a number."""
        book = self._books.get(lane)
        if book is None:
            book = LaneBook(len(self._books) + 1, lane)
            self._connection.execute(
                "INSERT INTO lane (id, pixel_code, event_source, test_event_code) VALUES (?, ?, ?, ?)",
                (book.id, lane.pixel_code, lane.event_source.value, lane.test_event_code),
            )
            self._remember(book)
        return book

    def known(self, lane: Lane) -> LaneBook | None:
        """Return the lane's book if it was ever used."""
        return self._books.get(lane)

    def by_id(self, lane_id: int) -> LaneBook:
        """Return the book of a lane's number."""
        return self._by_id[lane_id]

    def all(self) -> list[LaneBook]:
        """Return every lane's book."""
        return list(self._books.values())

    def held_total(self) -> int:
        """Return how many deliveries are held, on all lanes."""
        return sum(book.held for book in self._books.values())

    def pause(self, lane: Lane, why: str, now: float, *, by_person: bool) -> None:
        """Remember that nothing is leased from this lane; a person's pause is changed by persons alone."""
        book = self.book(lane)
        if by_person or not book.paused_by_person:
            since = now if book.paused_at is None else book.paused_at
            self._set_pause(book, why, since, by_person=by_person)

    def resume(self, lane: Lane, *, unless_by_person: bool) -> None:
        """Remember that it is leased from again."""
        book = self.book(lane)
        if not (book.paused_by_person and unless_by_person):
            self._set_pause(book, None, None, by_person=False)

    def _set_pause(self, book: LaneBook, why: str | None, at: float | None, *, by_person: bool) -> None:
        self._connection.execute(
            "UPDATE lane SET paused = ?, paused_at = ?, paused_by_person = ? WHERE id = ?",
            (why, at, by_person, book.id),
        )
        book.paused, book.paused_at, book.paused_by_person = why, at, by_person

    def states(self) -> list[LaneState]:
        """Return every lane that holds something or is paused."""
        return [
            self._state(book)
            for book in self._books.values()
            if book.queued or book.leased or book.held or book.paused_at is not None
        ]

    def _state(self, book: LaneBook) -> LaneState:
        ((oldest_queued, oldest_held, next_due_at),) = fetch(
            self._connection,
            "SELECT (SELECT accepted_at FROM chunk WHERE lane = ?1 ORDER BY first_seq LIMIT 1),"
            " (SELECT min(accepted_at) FROM held WHERE lane = ?1),"
            " (SELECT due_at FROM chunk WHERE lane = ?1 AND lease_id IS NULL ORDER BY due_at LIMIT 1)",
            (book.id,),
        )
        return LaneState(
            lane=book.lane,
            queued=book.queued,
            leased=book.leased,
            held=book.held,
            oldest_accepted_at=min((at for at in (oldest_queued, oldest_held) if at is not None), default=None),
            next_due_at=next_due_at,
            paused=book.paused or "",
            paused_at=book.paused_at,
            paused_by_person=book.paused_by_person,
        )

    def _remember(self, book: LaneBook) -> None:
        self._books[book.lane] = book
        self._by_id[book.id] = book
