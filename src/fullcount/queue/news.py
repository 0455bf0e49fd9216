"""Which of a request's notes are news."""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.queue.copies import OURS, Copy
from fullcount.queue.entry import Entry, Note, Verdict


def news(notes: Sequence[Note], entries: Sequence[Entry], verdicts: Sequence[Verdict]) -> Sequence[Note]:
    """Return the notes that are to be kept: all but the copies of deliveries that are not made, being duplicates."""
    if not any(isinstance(note, Copy) for note in notes):
        return notes
    made: set[bytes] = set()
    repeated: set[bytes] = set()
    for entry, verdict in zip(entries, verdicts, strict=True):
        (repeated if verdict is Verdict.DUPLICATE else made).add(entry.key)
    repeated -= made
    return [note for note in notes if not (isinstance(note, Copy) and note.channel in OURS and note.key in repeated)]
