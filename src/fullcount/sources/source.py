"""The seam where events enter: a source turns one raw request into readings and says what its envelope asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import parse_qsl

import msgspec

from fullcount.events.model import Page, User
from fullcount.events.problems import Problem, Severity
from fullcount.events.reading import Reading
from fullcount.events.tie import Tie
from fullcount.sources.reply import Headers

_NO_HEADERS: Mapping[str, str] = {}


class RawRequest(msgspec.Struct, frozen=True, gc=False):
    """One request as it came; its body is whole, inflated and within the limit of bytes.

    Header names are in lower case, values are Latin-1 as HTTP has them. `query` is percent-encoded, without its "?".
    """

    body: bytes
    method: str = "POST"
    path: str = ""
    query: str = ""
    headers: Mapping[str, str] = _NO_HEADERS
    client_ip: str | None = None  # of whoever called, seen past the trusted proxies; never a shop's server's to send
    received_at: float = 0.0  # Unix seconds

    def header(self, name: str) -> str:
        """Return a header by its name in lower case, or an empty text."""
        return self.headers.get(name, "")

    def parameters(self) -> dict[str, str]:
        """Return the query's parameters, decoded; of one that comes twice the first."""
        found: dict[str, str] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True, errors="replace"):
            found.setdefault(name, value)
        return found

    def cookie(self, name: str) -> str | None:
        """Return a cookie's value as it stands, or None."""
        for pair in self.header("cookie").split(";"):
            key, _, value = pair.partition("=")
            if key.strip() == name:
                return value.strip().strip('"') or None
        return None

    def __repr__(self) -> str:
        return f"RawRequest({self.method}, {len(self.body)} bytes)"


class Ignored(msgspec.Struct, frozen=True, gc=False):
    """Something that was understood and makes no event: counted, with a reason of the closed list."""

    reason: str  # a value of `fullcount.queue.outcomes.Ignored`
    name: str = ""  # what the sender calls it: a topic, an event's name
    event_id: str = ""  # of the event that it would have been
    detail: str = ""  # for a person; never an identifier


class Refund(msgspec.Struct, frozen=True, gc=False):
    """Money paid back for an order: recorded once by `refund_id`, whoever repeats it."""

    refund_id: str
    order_id: str  # the event_id of the order's purchase
    amount: float  # not negative; 0 where goods came back without money
    currency: str | None = None
    refunded_at: float | None = None  # Unix seconds


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """What a request tells of a visitor for later: plain values, hashed before anything is remembered."""

    ties: tuple[Tie, ...]
    user: User = User()
    page: Page = Page()
    consent: str | None = None
    seen_at: float | None = None  # Unix seconds; nothing: now
    clicked_at: float | None = None  # of the click ID; nothing: now if the page's own URL has it, else unknown
    consent_at: float | None = None  # when the visitor answered; a grant without its time lifts no refusal
    consent_version: str | None = None  # of the question that was answered


class Erasure(msgspec.Struct, frozen=True, gc=False):
    """Whom, or what, the sender asks to be forgotten: plain values, compared hashed."""

    user: User = User()
    event_ids: tuple[str, ...] = ()  # of orders and checkouts
    is_everything: bool = False  # not a person: all that came by this source


class Notice(msgspec.Struct, frozen=True, gc=False):
    """A thin notice that names a thing to be fetched: kept, answered, and read later."""

    notice_id: str
    body: bytes  # what the sender needs to ask for it, see `fullcount.sources.fetching`; no plain identifier
    event_id: str = ""  # of the event that it is about, where known


class PixelCopy(msgspec.Struct, frozen=True, gc=False):
    """An event that the pixel in the browser sent to TikTok, as the page saw it: for pairing, never to be sent."""

    event: str  # the name, as sent
    event_id: str  # empty if it had none: TikTok can then never match it with ours
    sent_at: float  # Unix seconds
    value: float | None = None
    currency: str | None = None


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
    are_names_mapped: bool = False  # the names are ours, so each pixel says how a purchase and a lead are spelled
    request_id: str = ""  # the sender's own id of this request, the same when it is repeated
    ignored: tuple[Ignored, ...] = ()
    refunds: tuple[Refund, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    erasures: tuple[Erasure, ...] = ()
    notices: tuple[Notice, ...] = ()
    pixel_copies: tuple[PixelCopy, ...] = ()
    pixel_state: str = ""  # what the page said of the pixel: absent, waiting, loaded, blocked, refused, held
    reply_headers: Headers = ()  # what the answer is to carry besides: cookies

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
