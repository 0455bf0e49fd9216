"""Events of a file to a gateway, in batches, and the sum of what it said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from fullcount.cli.documents import Item
from fullcount.cli.gateway_client import GatewayClient, Noted, Taken
from fullcount.events.problems import Problem
from fullcount.ledger.journey import Journey

BATCH_EVENTS = 200
BATCH_BYTES = 400_000  # a gateway takes 1 MB


class ItemProblems(msgspec.Struct, frozen=True):
    """The problems of one event of the file."""

    place: str
    problems: tuple[Problem, ...]


class Sent(msgspec.Struct):
    """What became of a file's events, summed up as the answers come."""

    accepted: int = 0
    duplicates: int = 0
    merged: int = 0
    withheld: int = 0
    event_ids: list[str | None] = []  # of all that were posted, in order; None for a rejected one
    rejected: list[ItemProblems] = []
    warned: list[ItemProblems] = []
    reasons: dict[str, int] = {}  # of those withheld
    journeys: list[Journey] = []  # with --wait: what became of each

    def add(self, batch: list[Item], taken: Taken) -> None:
        """Add what the gateway said of a batch."""
        self.accepted += taken.accepted
        self.duplicates += taken.duplicates
        self.merged += taken.merged
        self.withheld += taken.withheld
        self.event_ids += taken.event_ids or [None] * len(batch)
        self.rejected += self._placed(batch, taken.rejected)
        self.warned += self._placed(batch, taken.warnings)
        for each in taken.withheld_events:
            self.reasons[each.reason] = self.reasons.get(each.reason, 0) + 1

    @staticmethod
    def _placed(batch: list[Item], noted: tuple[Noted, ...]) -> Iterator[ItemProblems]:
        for each in noted:
            place = batch[each.index].place if each.index is not None and each.index < len(batch) else ""
            yield ItemProblems(place, each.problems)


def post_items(
    items: Iterable[Item], client: GatewayClient, test_event_code: str | None, done: Callable[[int], None]
) -> Sent:
    """Post the events in batches and return what became of them; `done` is told the bytes of each batch.

    Raises:
        StoreUnavailable: the gateway could not store for long.
        DestinationError: there is no gateway, or it refuses.
    """
    sent = Sent()
    for batch in batches(items, sent):
        events = [item.event for item in batch]
        sent.add(batch, client.post(events, test_event_code))
        done(sum(len(event) for event in events))
    return sent


def batches(items: Iterable[Item], sent: Sent) -> Iterator[list[Item]]:
    """Yield batches of good items; a bad one goes to `sent` as rejected."""
    batch: list[Item] = []
    size = 0
    for item in items:
        if item.problem is not None:
            sent.rejected.append(ItemProblems(item.place, (item.problem,)))
            continue
        if batch and (len(batch) == BATCH_EVENTS or size + len(item.event) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += len(item.event)
    if batch:
        yield batch
