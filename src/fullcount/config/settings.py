"""What can be set, with every default. `fullcount.config.load` fills it from `fullcount.toml` and the environment."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Browser(StrEnum):
    """Who sends a pixel's browser half."""

    SNIPPET = "snippet"
    OTHER = "other"
    NONE = "none"


class Kind(StrEnum):
    """How a source's requests look."""

    JSON = "json"
    TIKTOK = "tiktok"


class ConsentRule(StrEnum):
    """How a missing consent is read."""

    REQUIRED = "required"
    BY_REGION = "by_region"
    OPT_OUT = "opt_out"
    SENDER_VOUCHES = "sender_vouches"


class Mode(StrEnum):
    """Whether what a source brings is sent or only recorded."""

    LIVE = "live"
    OBSERVE = "observe"


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    CONSOLE = "console"


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the settings file."""


class Server(Section, frozen=True, kw_only=True):
    """Where the gateway listens, and what a request may be."""

    host: str = "127.0.0.1"
    port: int = 8080
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)
    max_body_bytes: int = 1_000_000
    max_events: int = 1_000  # in one call
    max_depth: int = 32  # of nested JSON
    max_string: int = 16_384  # characters in one value
    body_seconds: float = 10.0  # a body that takes longer is answered 408
    drain_seconds: float = 20.0  # how long SIGTERM may take


class Storage(Section, frozen=True, kw_only=True):
    """Where events wait. `sqlite:PATH`, relative to the settings file."""

    url: str = "sqlite:var/fullcount.db"
    min_free_disk: int = 256 * 1024 * 1024  # bytes; below this nothing is accepted, so that settling has room
    retention_days: int = 30  # of the ledger and of dead letters


class TikTok(Section, frozen=True, kw_only=True):
    """The far side. Uncertain facts of TikTok's are settings here."""

    base_url: str = "https://business-api.tiktok.com"
    timeout_seconds: float = 10.0
    gzip: bool = False  # unknown whether TikTok takes compressed requests
    max_event_age_days: float = 28.0  # TikTok's longest click window
    dedup_hours: float = 47.0  # TikTok forgets an event_id after 48 h; one hour is kept for safety
    lower_case_external_id: bool = False  # must agree with what the browser pixel does
    partner_name: str = "Fullcount"


class Delivery(Section, frozen=True, kw_only=True):
    """How batches are cut and repeated."""

    max_events: int = 1_000
    max_bytes: int = 900_000
    max_wait_ms: int = 500  # after a batch's first event
    max_in_flight: int = 4  # requests at once on one lane
    lease_seconds: float = 120.0
    retry_base_seconds: float = 1.0
    retry_cap_seconds: float = 300.0
    probe_seconds: float = 60.0  # how often a paused lane tries one event
    breaker_failures: int = 5  # in a row, then the circuit opens
    breaker_seconds: float = 30.0
    requests_per_second: float = 1_000.0  # of one token; halves when TikTok throttles


class Pixel(Section, frozen=True, kw_only=True):
    """One data source at TikTok."""

    name: str
    code: str
    access_token: str  # "env:NAME", "file:PATH", or a literal (taken with a warning)
    browser: Browser = Browser.NONE
    purchase_name: str = "CompletePayment"  # or "Purchase"
    lead_name: str = "Lead"  # or "SubmitForm"
    merge_events: tuple[str, ...] = ("Purchase",)  # canonical names that wait for their other half
    server_events: tuple[str, ...] = ("Purchase",)  # with browser = "other": what may be sent by the server
    hold_seconds: float = 20.0  # at most 240


class Source(Section, frozen=True, kw_only=True):
    """One place events come from."""

    name: str
    kind: Kind = Kind.JSON
    key: str | tuple[str, ...]  # one key, or several while it is being changed
    pixels: tuple[str, ...]
    consent: ConsentRule = ConsentRule.SENDER_VOUCHES
    default_country: str | None = None  # ISO 3166 alpha-2, for phone numbers without a country code
    event_id: str | None = None  # template for an event that came without one; the default suits purchases
    mode: Mode | None = None  # nothing: live, or observe if a pixel says browser = "other"
    test_event_code: str | None = None
    test_until: str | None = None  # ISO 8601; nothing: one hour after the start


class Consent(Section, frozen=True, kw_only=True):
    """Region rules beside the built-in table: ISO 3166 alpha-2 -> "opt_in", "opt_out"."""

    consent_regions: dict[str, str] = {}


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
    log: Log = Log()
    pixels: tuple[Pixel, ...] = ()
    sources: tuple[Source, ...] = ()

    def __repr__(self) -> str:
        return f"Settings({len(self.pixels)} pixels, {len(self.sources)} sources)"
