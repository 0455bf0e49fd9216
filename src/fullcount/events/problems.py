"""A problem: what a check says of an event, with its path, its reason and its fix."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """What a problem costs the event."""

    FATAL = "fatal"  # the event cannot be taken
    DROPPED = "dropped"  # the field was left out, the event goes on
    WARNING = "warning"  # nothing was changed that the sender would miss


class Problem(msgspec.Struct, frozen=True, gc=False):
    """One finding about one field of an event."""

    path: str  # where in the event, e.g. "user.phone" or "properties.contents.0.price"
    reason: str  # what is wrong, for a person; never the identifier itself
    fix: str  # what the sender should do
    severity: Severity = Severity.FATAL
    code: str = ""  # a short stable name, e.g. "too_old", "value_missing"
