"""The seam where events enter: a source turns one raw request into readings and says what its envelope asked for."""

from __future__ import annotations

from typing import Protocol

import msgspec

from fullcount.events.problems import Problem, Severity
from fullcount.events.reading import Reading


class RawRequest(msgspec.Struct, frozen=True, gc=False):
    """One authenticated request; its body is inflated and within the limit of bytes."""

    body: bytes

    def __repr__(self) -> str:
        return f"RawRequest({len(self.body)} bytes)"


class Intake(msgspec.Struct, frozen=True, gc=False):
    """What one request brought: a reading for each event, in the request's order, and the envelope's wishes."""

    readings: tuple[Reading, ...]
    test_event_code: str | None = None
    pixel_code: str | None = None  # TikTok's code of the one pixel that the envelope names; None: the source's pixels
    item_path: str = ""  # what a problem's path starts with at the sender: "events", "data", "Batch", or nothing
    warnings: tuple[Problem, ...] = ()  # of the envelope
    consent: str | None = None  # said beside the list, of every event in it
    large: frozenset[int] = frozenset()  # indexes of events of so many bytes that one request may not hold them
    broken: tuple[Exception, ...] = ()  # what nobody expected; the events that it struck are readings without an event

    def __repr__(self) -> str:
        return f"Intake({len(self.readings)} events of {self.item_path or 'one'})"


# What to say of a test code that stands in an event and not beside the list of events.
NESTED_TEST_CODE = Problem(
    "test_event_code",
    "it is read beside the list of events only, so it was ignored",
    "move it to the top of the body",
    Severity.WARNING,
    "test_code_nested",
)


class Limits(msgspec.Struct, frozen=True):
    """What a body may hold."""

    max_events: int = 1_000
    max_depth: int = 32  # levels of nested JSON, the envelope's included
    max_string: int = 16_384  # characters in one value


class Source(Protocol):
    """A sender's format."""

    def read(self, request: RawRequest) -> Intake:
        """Return what the request brought; a bad event is a reading without an event, with its problems.

        Raises:
            InvalidEvent: nothing of the body can be read; its problem's code says why: not_json, wrong_type,
                too_deep (for any JSON reader), too_many_events, empty, or pixel_code_missing.
        """
        ...
