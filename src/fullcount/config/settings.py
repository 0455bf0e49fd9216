"""What can be set, with every default. `fullcount.config.load` fills it from `fullcount.toml` and the environment."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from fullcount.consent.decision import ConsentRule
from fullcount.consent.tcf import TcfRules
from fullcount.sources.catalogue import Catalogue, Money, Value
from fullcount.sources.sender import Options

# Ranges live in the types, so that the loader refuses what is outside of them; each bound's reason stands at its field.
Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Bytes = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
DedupHours = Annotated[float, msgspec.Meta(gt=0, le=48)]  # TikTok forgets an event_id after 48 h
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class Browser(StrEnum):
    """Who sends a pixel's browser half."""

    SNIPPET = "snippet"
    OTHER = "other"
    NONE = "none"


class Mode(StrEnum):
    """Whether what a source brings is sent or only recorded."""

    LIVE = "live"
    OBSERVE = "observe"


class MissingHalf(StrEnum):
    """What becomes of a browser half whose server half never came."""

    SEND = "send"
    WITHHOLD = "withhold"


class OptOut(StrEnum):
    """What an objection to sale or targeting does where the law knows limited data use."""

    WITHHOLD = "withhold"
    LIMIT = "limit"


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    CONSOLE = "console"


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the settings file."""


class Server(Section, frozen=True, kw_only=True):
    """Where the gateway listens, and what a request may be."""

    host: str = "127.0.0.1"
    port: Port = 8080  # 0: any free one
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)
    max_body_bytes: Count = 1_000_000
    max_webhook_bytes: Count = 8_000_000  # a cart of 5 MB is a shop's to send; a refusal would end its subscription
    max_events: Count = 1_000  # in one call
    max_depth: Count = 32  # of nested JSON
    max_string: Count = 16_384  # characters in one value
    body_seconds: Seconds = 10.0  # a body that takes longer is answered 408
    drain_seconds: Seconds = 20.0  # how long SIGTERM may take


class Storage(Section, frozen=True, kw_only=True):
    """Where events wait. `sqlite:PATH`, relative to the settings file."""

    url: str = "sqlite:var/fullcount.db"
    min_free_disk: Bytes = 256 * 1024 * 1024  # bytes; below this nothing is accepted, so that settling has room
    retention_days: Count = 30  # of the ledger and of dead letters

    @property
    def path(self) -> Path:
        """The store's file; absolute once the settings were loaded."""
        return Path(self.url.removeprefix("sqlite:"))


class TikTok(Section, frozen=True, kw_only=True):
    """The far side. Uncertain facts of TikTok's are settings here."""

    base_url: str = "https://business-api.tiktok.com"
    timeout_seconds: Seconds = 10.0
    gzip: bool = False  # unknown whether TikTok takes compressed requests
    max_event_age_days: Positive = 28.0  # TikTok's longest click window
    dedup_hours: DedupHours = 47.0  # one hour of TikTok's 48 is kept for safety
    lower_case_external_id: bool = False  # must agree with what the browser pixel does
    partner_name: str = "Fullcount"


class Delivery(Section, frozen=True, kw_only=True):
    """How batches are cut and repeated."""

    max_events: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1_000  # TikTok refuses a request with more
    max_bytes: Annotated[int, msgspec.Meta(ge=10_000)] = 900_000
    max_wait_ms: Annotated[int, msgspec.Meta(ge=0)] = 500  # after a batch's first event
    max_in_flight: Count = 4  # requests at once on one lane
    lease_seconds: Seconds = 120.0
    retry_base_seconds: Seconds = 1.0
    retry_cap_seconds: Seconds = 300.0
    probe_seconds: Seconds = 60.0  # how often a paused lane tries one event
    breaker_failures: Count = 5  # in a row, then the circuit opens
    breaker_seconds: Seconds = 30.0
    requests_per_second: Positive = 1_000.0  # of one token; halves when TikTok throttles


class Pixel(Section, frozen=True, kw_only=True):
    """One data source at TikTok."""

    name: Name
    code: Annotated[str, msgspec.Meta(min_length=1)]
    access_token: str  # "env:NAME", "file:PATH", or a literal (taken with a warning)
    browser: Browser = Browser.NONE
    purchase_name: str = "CompletePayment"  # or "Purchase"
    lead_name: str = "Lead"  # or "SubmitForm"
    merge_events: tuple[str, ...] = ("Purchase",)  # canonical names that wait for their other half
    server_events: tuple[str, ...] = ("Purchase",)  # with browser = "other": what may be sent by the server
    hold_seconds: Annotated[float, msgspec.Meta(ge=0, le=240)] = 20.0  # TikTok merges halves within 5 minutes
    # Where the pixel was blocked, TikTok gets no copy of its own that ours would have to meet in those 5 minutes.
    hold_blocked_seconds: Annotated[float, msgspec.Meta(ge=0, le=900)] = 20.0
    server_half_missing: MissingHalf = MissingHalf.SEND

    def __repr__(self) -> str:
        return f"Pixel(name={self.name!r}, code={self.code!r})"


class Source(Section, frozen=True, kw_only=True):
    """One place events come from."""

    name: Name
    kind: str = "json"  # one of `fullcount.sources.registry.KINDS`
    key: str | tuple[str, ...]  # one key, or several while it is being changed
    pixels: tuple[str, ...]
    consent: ConsentRule = ConsentRule.SENDER_VOUCHES
    default_country: str | None = None  # ISO 3166 alpha-2, for phone numbers without a country code
    event_id: str | None = None  # template for an event that came without one; the default suits purchases
    mode: Mode | None = None  # nothing: live, or observe if a pixel says browser = "other"; the loader fills it
    test_event_code: str | None = None
    test_until: str | None = None  # ISO 8601 with its offset; nothing: one hour after the start
    content_id: str = Catalogue().content_id  # template of an item's id in the TikTok catalogue
    content_type: str = Catalogue().content_type  # product or product_group
    value: Value = Value.TOTAL
    money: Money = Money.SHOP
    refund_event: str | None = None  # a custom event's name; nothing: refunds are recorded and not sent
    names: dict[str, str] = {}  # the sender's event name -> TikTok's, beside the built-in table; "" leaves it out
    options: Options = Options()  # the keys of its kind alone; in the file they stand beside the others

    def __repr__(self) -> str:
        return f"Source(name={self.name!r}, kind={self.kind!r})"


class Consent(Section, frozen=True, kw_only=True):
    """How answers and places are read. Regions: ISO 3166 alpha-2, or a US state as "US-WA" -> "opt_in", "opt_out"."""

    consent_regions: dict[str, str] = {}
    opt_out: OptOut = OptOut.WITHHOLD
    tcf_purposes: tuple[int, ...] = tuple(sorted(TcfRules().purposes))  # that a TCF string must grant
    tcf_vendor_id: Annotated[int, msgspec.Meta(ge=1)] | None = None  # TikTok's, if your banner names it


class Visitors(Section, frozen=True, kw_only=True):
    """What is remembered of a browser, so that later events can carry its click ID."""

    ttl_days: Positive = 30.0  # as the click ID's cookie; of a visitor who is not seen again
    max_visitors: Count = 500_000  # beyond that those who were not seen for longest go first


class BrowserSide(Section, frozen=True, kw_only=True):
    """Where pages find the snippet, and how much one address may send."""

    prefix: Annotated[str, msgspec.Meta(pattern=r"^(/[A-Za-z0-9_-]{1,32}){1,3}$")] = "/fc"
    events_per_minute: Count = 120  # of one address and source; beyond it page events are shed
    purchases_per_minute: Count = 30  # of one address and source; shed last
    total_per_minute: Count = 60_000  # of all addresses together


class Log(Section, frozen=True, kw_only=True):
    """What is written to standard error."""

    format: LogFormat | None = None  # nothing: console at a terminal, else json
    level: str = "info"


class Settings(Section, frozen=True, kw_only=True):
    """The whole file. Secrets are resolved: `access_token` and `key` hold the values themselves."""

    server: Server = Server()
    storage: Storage = Storage()
    tiktok: TikTok = TikTok()
    delivery: Delivery = Delivery()
    consent: Consent = Consent()
    visitors: Visitors = Visitors()
    browser: BrowserSide = BrowserSide()
    log: Log = Log()
    pixels: tuple[Pixel, ...] = ()
    sources: tuple[Source, ...] = ()

    def __repr__(self) -> str:
        return f"Settings({len(self.pixels)} pixels, {len(self.sources)} sources)"
