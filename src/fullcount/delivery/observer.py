"""What delivery tells to whoever watches it: logs and metrics hang on here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from fullcount.delivery.destination import Kind
from fullcount.errors import StoreUnavailable
from fullcount.queue.delivery import Attempt, Settlement
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason


class Observer(Protocol):
    """Hears of each attempt and of each turn of a lane. It must return at once and never raise."""

    def attempt_ended(self, lane: Lane, attempt: Attempt, settled: Mapping[int, Settlement], kind: Kind) -> None:
        """One request is over and meant `kind`; `settled` says what it decided (empty: the batch goes on in parts)."""
        ...

    def not_sent(self, lane: Lane, reason: Reason, count: int) -> None:
        """So many deliveries died before a request was made (age, windows)."""
        ...

    def lane_paused(self, lane: Lane, why: str) -> None:
        """The credential was refused or the pixel is gone: all is kept, nothing is sent but a probe now and then."""
        ...

    def lane_resumed(self, lane: Lane) -> None:
        """A probe was taken: the lane is sent again."""
        ...

    def circuit_opened(self, lane: Lane, until: float) -> None:
        """Too many failures in a row: nothing is sent before `until` (Unix seconds)."""
        ...

    def circuit_closed(self, lane: Lane) -> None:
        """The far side answers again."""
        ...

    def throttled(self, token_name: str, requests_per_second: float) -> None:
        """The far side asked us to slow down; the token's new rate."""
        ...

    def store_refused(self, lane: Lane, error: StoreUnavailable) -> None:
        """A result could not be stored yet: the lane sends nothing until it is."""
        ...

    def lease_went_stale(self, lane: Lane, lease_id: int) -> None:
        """A result came after its lease had ended: nothing was changed, the deliveries will be leased again."""
        ...

    def lane_failed(self, lane: Lane, error: BaseException) -> None:
        """Something that nobody expected went wrong; what it left open is handed back at once."""
        ...


class NullObserver:
    """Nobody watches."""

    def attempt_ended(self, lane: Lane, attempt: Attempt, settled: Mapping[int, Settlement], kind: Kind) -> None:
        """Ignore it."""

    def not_sent(self, lane: Lane, reason: Reason, count: int) -> None:
        """Ignore it."""

    def lane_paused(self, lane: Lane, why: str) -> None:
        """Ignore it."""

    def lane_resumed(self, lane: Lane) -> None:
        """Ignore it."""

    def circuit_opened(self, lane: Lane, until: float) -> None:
        """Ignore it."""

    def circuit_closed(self, lane: Lane) -> None:
        """Ignore it."""

    def throttled(self, token_name: str, requests_per_second: float) -> None:
        """Ignore it."""

    def store_refused(self, lane: Lane, error: StoreUnavailable) -> None:
        """Ignore it."""

    def lease_went_stale(self, lane: Lane, lease_id: int) -> None:
        """Ignore it."""

    def lane_failed(self, lane: Lane, error: BaseException) -> None:
        """Ignore it."""
