"""Accept: entries of one commit group are looked up together, and become one chunk for each lane."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fullcount.events.codec import encode_stored
from fullcount.events.hashed import HashedEvent
from fullcount.queue.copies import Copy
from fullcount.queue.entry import ONCE_SECONDS, REFUND, Entry, Errand, Fact, Note, Refund, Verdict
from fullcount.queue.fields import fields_of, more_than
from fullcount.queue.holding import HoldTerms, terms_of, with_copy
from fullcount.queue.lane import Lane
from fullcount.queue.news import news
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.queue.sqlite.held import HeldRow
from fullcount.queue.sqlite.lanes import LaneBook
from fullcount.queue.sqlite.rows import HeldForm, Row, held_form, plain_form
from fullcount.queue.sqlite.seen import KeyClaim
from fullcount.queue.sqlite.shelves import Shelves
from fullcount.queue.sqlite.unreadable import readable
from fullcount.redact import mask_chosen


class Offer(msgspec.Struct, frozen=True, gc=False):
    """What one caller wants stored: its entries, their stored forms in the same order, and notes."""

    entries: Sequence[Entry]
    stored: Sequence[bytes]
    notes: Sequence[Note]
    once: bytes | None = None


class _New(msgspec.Struct, gc=False):
    """A delivery in the making; `release_at` is set while it would be held.

    Where it is held, or was until its other half came in the same group, `event` and `terms` say what is.
    """

    entry: Entry
    stored: bytes
    release_at: float | None = None
    event: HashedEvent | None = None
    terms: HoldTerms = HoldTerms()


class Intake:
    """One group's accepts: decides what each entry is, then stores what is new."""

    def __init__(self, shelves: Shelves, now: float) -> None:
        self.refusals: list[Fact] = []  # of visitors, for whoever ends what waits of the same events
        self._on = shelves
        self._now = now
        self._taken: set[bytes] = set()
        self._requests: set[bytes] = set()
        self._held: dict[bytes, HeldRow] = {}
        self._new_held: dict[bytes, _New] = {}
        self._left: dict[bytes, frozenset[str]] = {}  # the fields of what was held until a copy joined it
        self._fresh: dict[int, tuple[LaneBook, list[_New]]] = {}
        self._merged: dict[int, tuple[LaneBook, list[Row]]] = {}
        self._last_lane: Lane | None = None
        self._last_line: list[_New] = []

    def accept(self, offers: Sequence[Offer], next_seq: int) -> tuple[list[list[Verdict]], int]:
        """Return a verdict for each entry of each offer, and the seq that comes next."""
        self._look_up(offers)
        verdicts = []
        for offer in offers:
            if offer.once is not None and self._is_repeated(offer.once):
                verdicts.append(self._repeated(offer))
                continue
            mine = list(map(self._sort, offer.entries, offer.stored))
            verdicts.append(mine)
            for note in news(offer.notes, offer.entries, mine):
                self._take_note(note)
        for book, merged in self._merged.values():
            merged.sort(key=lambda row: row.seq)
            self._on.chunks.add(book, merged, self._now)
        for book, fresh in self._fresh.values():
            next_seq = self._store(book, fresh, next_seq)
        return verdicts, next_seq

    def _look_up(self, offers: Sequence[Offer]) -> None:
        by_window: dict[int, list[bytes]] = {}
        for offer in offers:
            for entry in offer.entries:
                if entry.claims_key:
                    by_window.setdefault(entry.window_seconds, []).append(entry.key)
        if requests := [offer.once for offer in offers if offer.once is not None]:
            self._requests = self._on.seen.within(ONCE_SECONDS, sorted(requests), int(self._now))
        for window, keys in by_window.items():
            # In key order, so that neighbours in the index are read together.
            self._taken |= self._on.seen.within(window, sorted(keys), int(self._now))
            self._held |= self._on.held.find(keys)

    def _is_repeated(self, once: bytes) -> bool:
        """Return whether a request with this key was taken; if not, it is from now on, with what this group commits."""
        if once in self._requests:
            return True
        self._requests.add(once)
        # No delivery stands behind it, so it has no seq; a digest of another kind equals no event's key.
        self._on.seen.claim([KeyClaim(once, int(self._now), 0, ONCE_SECONDS)])
        return False

    def _repeated(self, offer: Offer) -> list[Verdict]:
        """Count what a repeated request brings; nothing of it is stored."""
        for entry in offer.entries:
            self._note(Outcome.DUPLICATE, entry)
        for note in offer.notes:
            match note:
                case Fact():
                    self._count_duplicate(note.pixel, note.event, note.source)
                case Refund():
                    self._count_duplicate("", REFUND, note.source)
        return [Verdict.DUPLICATE] * len(offer.entries)

    def _count_duplicate(self, pixel: str, event: str, source: str) -> None:
        self._on.facts.count(self._on.labels.id_of(pixel, event, source), Outcome.DUPLICATE.value)

    def _take_note(self, note: Note) -> None:
        match note:
            case Fact():
                self._on.facts.note(note, self._now)
                if note.is_refusal:
                    self.refusals.append(note)
            case Refund():
                self._on.refunds.note(note, self._now)
            case Errand():
                self._on.errands.add(note)
            case Copy():
                self._on.copies.note(note, self._now)

    def _sort(self, entry: Entry, stored: bytes) -> Verdict:
        key = entry.key
        new = _New(entry, stored)
        if entry.claims_key:
            if (self._held or self._new_held) and self._joins_held(entry):
                self._note(Outcome.MERGED, entry)
                return Verdict.MERGED
            if key in self._taken or key in self._held or key in self._new_held:
                self._note(Outcome.DUPLICATE, entry, detail=self._more_than_first(entry) if entry.hold_seconds else "")
                return Verdict.DUPLICATE
            self._taken.add(key)
            if entry.hold_seconds or entry.needs_answer:
                new.release_at = self._now + (entry.hold_seconds or 0)
                new.event, new.terms = entry.event, terms_of(entry)
                self._new_held[key] = new
        self._line(entry.lane).append(new)
        return Verdict.ACCEPTED

    def _line(self, lane: Lane) -> list[_New]:
        """Return what is new on a lane. Neighbours mostly share their lane, and hashing one costs more than looking."""
        if lane is not self._last_lane:
            book = self._on.lanes.book(lane)
            self._last_lane = lane
            _, self._last_line = self._fresh.setdefault(book.id, (book, []))
        return self._last_line

    def _joins_held(self, entry: Entry) -> bool:
        """Let the entry join what is held under its key, if it may; mostly the joined event leaves at once."""
        new = self._new_held.get(entry.key)
        if new is not None:
            return self._joins_new(new, entry)
        held = self._held.get(entry.key)
        if held is None:
            return False
        joined = with_copy(readable(held.row.event), held.row.terms, entry)
        if joined is None:
            return False
        row = held_form(held.row, joined.terms, encode_stored(joined.event))
        if not joined.leaves:
            self._on.held.replace(row)
            self._held[entry.key] = HeldRow(held.book, row)
            return True
        self._on.held.remove(held.book, [row])
        self._merged.setdefault(held.book.id, (held.book, []))[1].append(plain_form(row))
        del self._held[entry.key]
        self._left[entry.key] = fields_of(joined.event)
        self._on.facts.left_hold(row, self._left[entry.key])
        return True

    def _joins_new(self, new: _New, entry: Entry) -> bool:
        joined = with_copy(new.event, new.terms, entry)
        if joined is None:
            return False
        new.event, new.terms, new.stored = joined.event, joined.terms, encode_stored(joined.event)
        if joined.leaves:
            new.release_at = None
            del self._new_held[entry.key]
            self._left[entry.key] = fields_of(joined.event)
        return True

    def _more_than_first(self, entry: Entry) -> str:
        """Return the names of the fields that a late copy had and the delivery has not: it is frozen by now."""
        known = self._left.get(entry.key)
        if known is None:
            new, held = self._new_held.get(entry.key), self._held.get(entry.key)
            first = new.event if new is not None else readable(held.row.event) if held is not None else None
            known = self._on.facts.fields_left(entry.key) if first is None else fields_of(first)
        return "" if known is None else more_than(known, entry.event)

    def _store(self, book: LaneBook, fresh: Sequence[_New], next_seq: int) -> int:
        queued = [new for new in fresh if new.release_at is None]
        held = [new for new in fresh if new.release_at is not None]
        if queued:
            rows = self._rows(queued, next_seq)
            next_seq += len(rows)
            self._on.chunks.add(book, rows, self._now)
            self._on.facts.accepted(book, rows, held=False)
            self._note_others(queued, rows)
        if held:
            rows = self._rows(held, next_seq)
            next_seq += len(rows)
            self._on.held.add(book, [_until(row, new, self._now) for row, new in zip(rows, held, strict=True)])
            self._on.facts.accepted(book, rows, held=True)
        return next_seq

    def _rows(self, fresh: Sequence[_New], next_seq: int) -> list[Row]:
        rows, claims = [], []
        now, second = self._now, int(self._now)
        label_of = self._on.labels.id_of
        for seq, new in enumerate(fresh, next_seq):
            entry = new.entry
            label = label_of(entry.pixel, entry.event.canonical, entry.source)
            window = entry.window_seconds if entry.claims_key else 0
            rows.append(Row(seq, entry.key, now, label, window, new.stored))
            if window:
                claims.append(KeyClaim(entry.key, second, seq, window))
        self._on.seen.claim(claims)
        return rows

    def _note_others(self, fresh: Sequence[_New], rows: Sequence[Row]) -> None:
        for new, row in zip(fresh, rows, strict=True):
            if new.event is not None:
                self._on.facts.left_hold(row, fields_of(new.event))
            elif not new.entry.claims_key:
                # It stands in no seen window, so its timeline needs another way from its key to its seq.
                self._note(Outcome.TEST, new.entry, row.seq)

    def _note(self, outcome: Outcome, entry: Entry, seq: int | None = None, detail: str = "") -> None:
        event_id = mask_chosen(entry.event.event_id)
        fact = Fact(outcome, Reason.NONE, entry.source, entry.pixel, entry.event.canonical, event_id, entry.key, detail)
        self._on.facts.note(fact, self._now, seq)


def _until(row: Row, new: _New, now: float) -> tuple[HeldForm, float]:
    return held_form(row, new.terms), now if new.release_at is None else new.release_at
