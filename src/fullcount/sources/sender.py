"""The seam that every third-party sender fits: authenticate the raw request, read it, answer as the sender expects.

One file for each sender holds a class of this shape, its options, its name table, and nothing of HTTP servers,
queues or settings files. `fullcount.sources.registry` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Protocol, TypeAlias, TypeVar

import msgspec

from fullcount.consent.decision import ConsentRule
from fullcount.consent.tcf import TcfRules
from fullcount.sources.catalogue import Catalogue
from fullcount.sources.receipt import Receipt
from fullcount.sources.reply import Reply
from fullcount.sources.source import Intake, Limits, RawRequest

# Options that are secrets, written as `key` is: "env:NAME", "file:PATH", or the value itself. A text may have lines.
SecretLine: TypeAlias = Annotated[str, msgspec.Meta(extra={"secret": "line"})]
SecretText: TypeAlias = Annotated[str, msgspec.Meta(extra={"secret": "text"})]


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set for one kind of source alone; each sender adds its own keys, with defaults."""


Chosen = TypeVar("Chosen", bound=Options)


class PixelNames(msgspec.Struct, frozen=True):
    """A pixel of the source, as a page must know it."""

    code: str
    purchase_name: str = "CompletePayment"
    lead_name: str = "Lead"
    merge_events: tuple[str, ...] = ()
    has_snippet: bool = False  # its browser half is our snippet's


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings say of one source, as its sender needs it."""

    name: str
    keys: tuple[str, ...] = ()  # secrets that sign, or write keys; several while they are being changed
    options: Options = Options()
    catalogue: Catalogue = Catalogue()
    default_country: str | None = None
    id_template: str | None = None  # how the event_id of a purchase is made; nothing: the order's id
    names: Mapping[str, str] = {}  # the sender's name -> TikTok's; an empty name leaves the event out
    refund_event: str | None = None  # a custom name under which refunds are sent too; nothing: only recorded
    tcf: TcfRules = TcfRules()
    consent: ConsentRule = ConsentRule.SENDER_VOUCHES
    regions: Mapping[str, str] = {}
    prefix: str = "/fc"  # where the snippet and its beacon are mounted
    pixels: tuple[PixelNames, ...] = ()
    limits: Limits = Limits()
    test_event_code: str | None = None  # the source's own: for what the sender itself marks as a test

    def options_as(self, wanted: type[Chosen]) -> Chosen:
        """Return the options as the sender's own type, or its defaults where none were given."""
        return self.options if isinstance(self.options, wanted) else wanted()

    def __repr__(self) -> str:
        return f"Rules({self.name!r})"


class Neighbour(msgspec.Struct, frozen=True):
    """Another source that feeds a pixel of this one."""

    name: str
    kind: str


class Door(msgspec.Struct, frozen=True):
    """A path that a sender calls. A pattern is a regular expression that the whole path must match.

    "{prefix}" in it is the path that the settings mount the snippet on.
    """

    path: str
    methods: frozenset[str] = frozenset({"POST"})
    is_pattern: bool = False
    route: str = ""  # how metrics and messages call it; nothing: its path
    is_public: bool = False  # anybody's browser may call it: its key is no secret, so a flood is shed
    max_bytes: int | None = None  # of its bodies; nothing: as the settings say for senders


class Taken(msgspec.Struct, frozen=True, gc=False):
    """The request was read, and what was to be stored is stored."""

    intake: Intake
    receipt: Receipt


class Refused(msgspec.Struct, frozen=True, gc=False):
    """Nothing was stored. 400 unreadable, 401 not authentic, 408 slow, 413 large, 503 not now, 500 broken here."""

    status: int
    code: str
    reason: str
    fix: str
    path: str = ""
    retry_after_seconds: float | None = None


Outcome: TypeAlias = Taken | Refused


class Sender(Protocol):
    """One sender's format and manners; it keeps no state."""

    kind: str  # as in the settings
    doors: Sequence[Door]  # none: it is called at /webhooks/{source}
    options: type[Options]
    consent: ConsentRule  # how a consent that is missing is read, unless the settings say otherwise
    is_key_public: bool  # it stands in pages for everybody to read, and is no secret

    def greet(self, request: RawRequest, known: Sequence[Rules], /) -> Reply | None:
        """Return the answer to what needs no key (a ping, a CORS preflight, a challenge), or None.

        `known` are the sources that the request may be for.
        """
        ...

    def admits(self, request: RawRequest, rules: Rules, /) -> bool:
        """Say whether the request is authentic for this source; secrets are compared in constant time."""
        ...

    def read(self, request: RawRequest, rules: Rules, /) -> Intake:
        """Return what an authentic request brought.

        Raises:
            InvalidEvent: nothing of the body can be read; a field that is missing or odd is no reason for that.
        """
        ...

    def answer(self, request: RawRequest, outcome: Outcome, /) -> Reply:
        """Return what this sender expects to hear, so that it neither loses nor repeats."""
        ...

    def contradiction(self, rules: Rules, neighbours: Sequence[Neighbour], /) -> str | None:
        """Return why these settings would count something twice or never, with the fix; None if they are right."""
        ...
