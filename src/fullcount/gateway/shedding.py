"""What anybody's browser may call is bounded for each address and source: page events are shed first, purchases last.

A bucket holds a minute's worth and fills evenly. The table of buckets is bounded too: the address that was silent for
longest is forgotten, which only ever gives it back its full measure.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from fullcount.config.settings import BrowserSide
from fullcount.events.names import canonical_name
from fullcount.events.reading import Reading
from fullcount.pipeline.steps import PURCHASE
from fullcount.sources.source import Intake

MOST_BUCKETS = 50_000
SECONDS_PER_MINUTE = 60.0


class Bucket:
    """So many a minute, and a minute's worth at once."""

    __slots__ = ("_filled_at", "_left", "_per_minute")

    def __init__(self, per_minute: int, now: float) -> None:
        self._per_minute = per_minute
        self._left = float(per_minute)
        self._filled_at = now

    def take(self, now: float) -> bool:
        """Take one if there is one; `now` is in Unix seconds, and a clock that was set back costs nothing."""
        passed = max(0.0, now - self._filled_at)
        self._filled_at = now
        self._left = min(float(self._per_minute), self._left + passed * self._per_minute / SECONDS_PER_MINUTE)
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class _Buckets(msgspec.Struct):
    events: Bucket
    purchases: Bucket


class Spared(msgspec.Struct, frozen=True):
    """What is left of a request, and how many of its events and of its other rows were shed."""

    intake: Intake
    shed: int
    is_refused: bool  # no event is left, and some were there or the request itself was one too many


class Shedding:
    """Decides which events of public requests are taken."""

    def __init__(self, limits: BrowserSide, now: float) -> None:
        self._limits = limits
        self._total = Bucket(limits.total_per_minute, now)
        self._by_caller: OrderedDict[tuple[str, str], _Buckets] = OrderedDict()

    def spare(self, intake: Intake, address: str | None, source: str, now: float) -> Spared:
        """Return what of a request is taken. A request without events counts as one of the page's.

        Whatever else of it would be a row in the store is counted like page events; one visitor comes with the request.
        """
        buckets = self._buckets(neighbourhood(address), source, now)
        readings = intake.readings
        kept = tuple(reading for reading in readings if self._takes(reading, buckets, now))
        is_refused = not kept if readings else not self._takes_event(buckets, now)
        rows = {
            "pixel_copies": intake.pixel_copies,
            "ignored": intake.ignored,
            "refunds": intake.refunds,
            "sightings": intake.sightings[1:],
        }
        taken = {name: () if is_refused else self._some(several, buckets, now) for name, several in rows.items()}
        shed = len(readings) - len(kept) + sum(len(rows[name]) - len(some) for name, some in taken.items())
        taken["sightings"] = (*intake.sightings[:1], *taken["sightings"])
        return Spared(msgspec.structs.replace(intake, readings=kept, **taken), shed, is_refused)

    def _some(self, several: Sequence[object], buckets: _Buckets, now: float) -> tuple[object, ...]:
        return tuple(each for each in several if self._takes_event(buckets, now))

    def _takes(self, reading: Reading, buckets: _Buckets, now: float) -> bool:
        if canonical_name(reading.name) == PURCHASE:
            return buckets.purchases.take(now)  # also where all addresses together are over their measure
        return self._takes_event(buckets, now)

    def _takes_event(self, buckets: _Buckets, now: float) -> bool:
        return buckets.events.take(now) and self._total.take(now)

    def _buckets(self, address: str, source: str, now: float) -> _Buckets:
        found = self._by_caller.get((address, source))
        if found is None:
            found = self._by_caller[address, source] = _Buckets(
                Bucket(self._limits.events_per_minute, now), Bucket(self._limits.purchases_per_minute, now)
            )
            if len(self._by_caller) > MOST_BUCKETS:
                self._by_caller.popitem(last=False)
        else:
            self._by_caller.move_to_end((address, source))
        return found


def neighbourhood(address: str | None) -> str:
    """Return what counts as one address: of IPv6 the first 64 bits, since one subscriber has all the rest.

    >>> neighbourhood("2001:db8:1:2:3::4"), neighbourhood("192.0.2.4"), neighbourhood(None)
    ('2001:db8:1:2::', '192.0.2.4', '')
    """
    if address is None:
        return ""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(parsed) >> 64 << 64))
