"""From what was sent and what TikTok counted to the numbers that the demo ends with. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

Row = Mapping[str, Any]  # one entry of a list of the emulator's control plane


class Witnesses(msgspec.Struct, frozen=True):
    """What each witness says; none of them is Fullcount's own memory."""

    events: Sequence[Row]  # the emulator's `/_emulator/events`: what TikTok would count
    requests: Sequence[Row]  # its `/_emulator/requests`: everything that came over the wire
    order_of: Mapping[str, str]  # event_id -> order id, for every id that was made up on the way
    accepted: frozenset[str] = frozenset()  # event_ids that a 2xx named accepted, merged or duplicate
    duplicates: int = 0  # arrivals that a 2xx called a duplicate
    dead: frozenset[str] = frozenset()  # event_ids that TikTok rejected with its own words


class Tally(msgspec.Struct, frozen=True):
    """The ids of the orders that TikTok counted once, never, and more than once."""

    once: tuple[str, ...]
    lost: tuple[str, ...]
    twice: tuple[str, ...]


class Verdict(msgspec.Struct, frozen=True):
    """Fullcount's numbers."""

    orders: int
    accepted: int
    duplicates: int
    dead: int
    counted_by_tiktok: int
    wire_copies: int
    found: Tally  # without the dead

    @property
    def promise_kept(self) -> bool:
        """Whether the promise held: each order accepted, and counted once or dead with TikTok's own words."""
        return (
            not self.found.lost
            and not self.found.twice
            and self.accepted == self.orders
            and len(self.found.once) + self.dead == self.orders
        )


def tally(orders: Iterable[str], said: Witnesses, *, pixel_counts: bool) -> Tally:
    """Count, for each of `orders` (ids), the events at TikTok that stand for it.

    Where `pixel_counts` is false, an order that TikTok knows from the browser alone is lost: the server's half, which
    was promised, never came.
    """
    counted: Counter[str] = Counter()
    from_server = set()
    for event in said.events:
        if (order := said.order_of.get(event["event_id"])) is not None:
            counted[order] += 1
            if "server" in event["channels"]:
                from_server.add(order)
    sorted_out: tuple[list[str], list[str], list[str]] = ([], [], [])
    for order in orders:
        is_known = pixel_counts or order in from_server
        sorted_out[min(counted[order], 2) if is_known or counted[order] > 1 else 0].append(order)
    lost, once, twice = sorted_out
    return Tally(once=tuple(once), lost=tuple(lost), twice=tuple(twice))


def judge(orders: Sequence[str], said: Witnesses) -> Verdict:
    """Return Fullcount's verdict over all orders, with or without an answer; the dead ones are not lost."""
    dead_orders = {said.order_of[event_id] for event_id in said.dead}
    found = tally([order for order in orders if order not in dead_orders], said, pixel_counts=False)
    return Verdict(
        orders=len(orders),
        accepted=len(said.accepted),
        duplicates=said.duplicates,
        dead=len(said.dead),
        counted_by_tiktok=len(said.events),
        wire_copies=wire_copies(said.requests),
        found=found,
    )


def wire_copies(requests: Iterable[Row]) -> int:
    """Return how many copies beyond the first TikTok took from a server; only its deduplication hides them."""
    return sum(times - 1 for times in copies_taken(requests).values())


def copies_taken(requests: Iterable[Row]) -> Counter[str]:
    """Return how often TikTok took each event_id from a server."""
    taken: Counter[str] = Counter()
    for request in requests:
        if was_taken(request):
            taken.update(event_ids(request))
    return taken


def was_taken(request: Row) -> bool:
    """Return whether the events of this request were kept: code 0, or an answer that was broken off after taking."""
    answer = request.get("answer")
    if request.get("fault") == "drop_answer":
        return True
    return isinstance(answer, Mapping) and answer.get("code") == 0


def times_answered(requests: Iterable[Row], code: int) -> int:
    """Return how many requests were answered with this code."""
    answers = (request.get("answer") for request in requests)
    return sum(isinstance(answer, Mapping) and answer.get("code") == code for answer in answers)


def lost_answers(requests: Iterable[Row]) -> int:
    """Return how many requests were taken without the sender learning of it."""
    return sum(request.get("fault") == "drop_answer" for request in requests)


def event_ids(request: Row) -> list[str]:
    """Return the event_ids in the body of one request to `/event/track/`, in order."""
    body = request.get("body")
    rows = body.get("data") if isinstance(body, Mapping) else None
    return [str(row["event_id"]) for row in rows or () if "event_id" in row]
