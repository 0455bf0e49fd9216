"""Fullcount: every conversion, counted once.

The library's pure half stands here: read an event, check it, give it its event_id, and make it storable.
"""

from fullcount.errors import (
    ConfigError,
    DestinationError,
    FullcountError,
    InvalidEvent,
    StoreCorrupt,
    StoreOwned,
    StoreUnavailable,
)
from fullcount.events.checks import CheckRules, check_event
from fullcount.events.event_id import resolve_event_id
from fullcount.events.hashed import HashedEvent, HashedUser
from fullcount.events.model import Ad, App, Content, Event, EventSource, Half, Lead, Page, Properties, User
from fullcount.events.names import canonical_name
from fullcount.events.problems import Problem, Severity
from fullcount.events.reading import Reading, read_event
from fullcount.identity.identify import IdentityRules, identify

__all__ = [
    "Ad",
    "App",
    "CheckRules",
    "ConfigError",
    "Content",
    "DestinationError",
    "Event",
    "EventSource",
    "FullcountError",
    "Half",
    "HashedEvent",
    "HashedUser",
    "IdentityRules",
    "InvalidEvent",
    "Lead",
    "Page",
    "Problem",
    "Properties",
    "Reading",
    "Severity",
    "StoreCorrupt",
    "StoreOwned",
    "StoreUnavailable",
    "User",
    "canonical_name",
    "check_event",
    "identify",
    "read_event",
    "resolve_event_id",
]
