"""What every lane's worker works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fullcount.clock import Clock
from fullcount.config.settings import Delivery as Limits
from fullcount.delivery.admission import AdmissionPolicy
from fullcount.delivery.destination import Destination
from fullcount.delivery.drain import Drain
from fullcount.delivery.observer import Observer
from fullcount.queue.lane import Lane
from fullcount.queue.protocol import Queue


@dataclass(frozen=True, slots=True)
class Means:
    """Seams, limits and the state of the shutdown, shared by all lanes."""

    queue: Queue
    destination: Destination
    clock: Clock
    limits: Limits
    policy_of: Callable[[Lane], AdmissionPolicy]
    observer: Observer
    random: Callable[[], float]  # in [0, 1)
    drain: Drain
