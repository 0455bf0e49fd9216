"""A body's events, one by one: what is wrong with one costs that one only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from fullcount.consent.decision import Signal, read_signal
from fullcount.events.problems import Problem, Severity
from fullcount.events.reading import Reading
from fullcount.sources.bounds import over_bounds
from fullcount.sources.source import Intake, Limits

LARGE_BYTES = 50_000  # of one event; what is smaller fits one request, however much its encoding adds

# Said of an event that nobody foresaw: sending it again would not help.
BROKE = Problem("", "it broke something here, and the log has it", "leave it out, and report it", code="internal")
_UNREADABLE_CONSENT = Problem(
    "consent",
    "no such answer, so the events are withheld as consent_unknown",
    "send granted, denied, opt_out or limited",
    Severity.WARNING,
    "consent_unreadable",
)


def read_each(items: Sequence[bytes], read: Callable[[bytes], Reading], limits: Limits, envelope: Intake) -> Intake:
    """Return the envelope's intake with a reading for each item, held against the bounds and read.

    Without an `item_path` the one item is its own envelope, and its consent is read with it.
    """
    levels_above = 2 if envelope.item_path else 0
    readings: list[Reading] = []
    broken: list[Exception] = []
    large: list[int] = []
    for index, item in enumerate(items):
        if len(item) > LARGE_BYTES:
            large.append(index)
        problem = over_bounds(item, limits, levels_above)
        if problem is not None:
            readings.append(Reading(None, (problem,), "", ""))
            continue
        try:
            readings.append(read(item))
        except Exception as error:  # noqa: BLE001 - one event must not cost its neighbours; the log says where
            broken.append(error)
            readings.append(Reading(None, (BROKE,), "", ""))
    warnings = envelope.warnings
    if envelope.consent is not None and read_signal(envelope.consent) is Signal.UNREADABLE:
        warnings = (*warnings, _UNREADABLE_CONSENT)
    return Intake(
        tuple(readings),
        envelope.test_event_code,
        envelope.pixel_code,
        envelope.item_path,
        warnings,
        envelope.consent,
        frozenset(large),
        tuple(broken),
    )


def with_large(intake: Intake, size: int) -> Intake:
    """Return the intake of a body of so many bytes, marked for the pipeline to see whether each event fits a request.

    Of a small body none can be too large; of a larger one any may be, whichever of its bytes it has.
    """
    if size <= LARGE_BYTES:
        return intake
    return msgspec.structs.replace(intake, large=frozenset(range(len(intake.readings))))
