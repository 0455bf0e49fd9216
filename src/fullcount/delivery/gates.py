"""What may hold one lane back."""

from __future__ import annotations

from dataclasses import dataclass, field

from fullcount.delivery.alike import AlikeRefusals
from fullcount.delivery.breaker import Breaker, Circuit
from fullcount.delivery.lane_store import LaneStore
from fullcount.delivery.rate import TokenRate


@dataclass(frozen=True, slots=True)
class Gates:
    """The store, which must take results; circuit and refusals, which are the lane's own; the rate, its token's."""

    store: LaneStore
    breaker: Breaker
    rate: TokenRate
    alike: AlikeRefusals = field(default_factory=AlikeRefusals)

    def wait_seconds(self, now: float) -> float:
        """Return how long circuit and rate keep the lane from sending; 0 if they do not."""
        until = self.breaker.open_until
        is_open = until is not None and self.breaker.circuit(now) is Circuit.OPEN
        return max(until - now if is_open and until is not None else 0.0, self.rate.wait_seconds(now))

    def leases_at_once(self, now: float, most: int) -> int:
        """Return how many leases may run: one on trial while the circuit is not closed."""
        return most if self.breaker.circuit(now) is Circuit.CLOSED else 1
