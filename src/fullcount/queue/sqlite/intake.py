"""Accept: entries of one commit group are looked up together, and become one chunk for each lane."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fullcount.events.codec import encode_stored
from fullcount.events.merge import merge_halves
from fullcount.queue.copies import Copy
from fullcount.queue.entry import ONCE_SECONDS, REFUND, Entry, Errand, Fact, Note, Refund, Verdict
from fullcount.queue.lane import Lane
from fullcount.queue.news import news
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.queue.sqlite.held import HeldRow
from fullcount.queue.sqlite.lanes import LaneBook
from fullcount.queue.sqlite.rows import Row
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
    """A delivery in the making; `release_at` is set while it would be held."""

    entry: Entry
    stored: bytes
    release_at: float | None = None


class Intake:
    """One group's accepts: decides what each entry is, then stores what is new."""

    def __init__(self, shelves: Shelves, now: float) -> None:
        self._on = shelves
        self._now = now
        self._taken: set[bytes] = set()
        self._requests: set[bytes] = set()
        self._held: dict[bytes, HeldRow] = {}
        self._new_held: dict[bytes, _New] = {}
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
            case Refund():
                self._on.refunds.note(note, self._now)
            case Errand():
                self._on.errands.add(note)
            case Copy():
                self._on.copies.note(note, self._now)

    def _sort(self, entry: Entry, stored: bytes) -> Verdict:
        key = entry.key
        release_at = None
        if entry.claims_key:
            if (self._held or self._new_held) and self._joins_held(entry):
                self._note(Outcome.MERGED, entry)
                return Verdict.MERGED
            if key in self._taken or key in self._held or key in self._new_held:
                self._note(Outcome.DUPLICATE, entry)
                return Verdict.DUPLICATE
            self._taken.add(key)
            if entry.hold_seconds:
                release_at = self._now + entry.hold_seconds
        new = _New(entry, stored, release_at)
        if release_at is not None:
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
        """Merge the entry into the held other half, if there is one; the joined event leaves at once."""
        new = self._new_held.get(entry.key)
        if new is not None and new.entry.event.half is not entry.event.half:
            new.stored = encode_stored(merge_halves(new.entry.event, entry.event))
            new.release_at = None
            del self._new_held[entry.key]
            return True
        held = self._held.get(entry.key)
        if held is None:
            return False
        first = readable(held.row.event)
        if first is not None and first.half is entry.event.half:
            return False
        # A half that cannot be read any more is replaced by this one, which goes alone.
        event = encode_stored(entry.event if first is None else merge_halves(first, entry.event))
        self._on.held.remove(held.book, [held.row])
        _, merged = self._merged.setdefault(held.book.id, (held.book, []))
        merged.append(msgspec.structs.replace(held.row, event=event))
        del self._held[entry.key]
        return True

    def _store(self, book: LaneBook, fresh: Sequence[_New], next_seq: int) -> int:
        queued = [new for new in fresh if new.release_at is None]
        held = [new for new in fresh if new.release_at is not None]
        if queued:
            rows = self._rows(queued, next_seq)
            next_seq += len(rows)
            self._on.chunks.add(book, rows, self._now)
            self._on.facts.accepted(book, rows, held=False)
            self._note_tests(queued, rows)
        if held:
            rows = self._rows(held, next_seq)
            next_seq += len(rows)
            self._on.held.add(book, [(row, new.release_at or self._now) for row, new in zip(rows, held, strict=True)])
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

    def _note_tests(self, fresh: Sequence[_New], rows: Sequence[Row]) -> None:
        for new, row in zip(fresh, rows, strict=True):
            if not new.entry.claims_key:
                # It stands in no seen window, so its timeline needs another way from its key to its seq.
                self._note(Outcome.TEST, new.entry, row.seq)

    def _note(self, outcome: Outcome, entry: Entry, seq: int | None = None) -> None:
        event_id = mask_chosen(entry.event.event_id)
        fact = Fact(outcome, Reason.NONE, entry.source, entry.pixel, entry.event.canonical, event_id, entry.key)
        self._on.facts.note(fact, self._now, seq)
