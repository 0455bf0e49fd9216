"""What holds for a source: its rules and pixels as the pipeline needs them, worked out once from the settings."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fullcount.config.crosscheck import observes_by_default
from fullcount.config.moment import moment_of
from fullcount.config.settings import Browser, MissingHalf, Mode, OptOut, Pixel, Settings, Source
from fullcount.consent.decision import ConsentRule
from fullcount.events.checks import CheckRules
from fullcount.identity.identify import IdentityRules

TEST_SECONDS = 3_600  # how long a source's test code holds if the settings do not say


class PixelTerms(msgspec.Struct, frozen=True):
    """One pixel that a source sends to."""

    name: str
    code: str
    browser: Browser = Browser.NONE
    merge_events: frozenset[str] = frozenset({"Purchase"})  # canonical names that wait for their other half
    server_events: frozenset[str] = frozenset({"Purchase"})  # with browser = "other": what the server may send
    hold_seconds: float = 20.0
    hold_blocked_seconds: float = 20.0  # if the page said that its pixel was blocked or refused
    server_half_missing: MissingHalf = MissingHalf.SEND
    purchase_name: str = "CompletePayment"  # how a purchase and a lead go out, of events whose names are mapped here
    lead_name: str = "Lead"


class SourceTerms(msgspec.Struct, frozen=True):
    """One source: how its events are checked, identified, consented and routed."""

    name: str
    pixels: tuple[PixelTerms, ...]
    check_rules: CheckRules
    identity_rules: IdentityRules
    consent: ConsentRule = ConsentRule.SENDER_VOUCHES
    regions: Mapping[str, str] = {}
    limits_opt_out: bool = False  # an objection is sent limited where the law of a US state knows that
    default_country: str | None = None
    id_template: str | None = None
    repeated_late: frozenset[str] = frozenset({"Purchase"})  # canonical names that are remembered for 90 days
    is_observed: bool = False
    source_test_code: str | None = None
    test_until: float = 0.0  # Unix seconds

    def test_code(self, asked: str | None, now: float) -> str | None:
        """Return the test code that holds: the request's, else the source's until its time is over."""
        if asked is not None:
            return asked
        return self.source_test_code if now < self.test_until else None


def terms_of(settings: Settings, started_at: float) -> dict[str, SourceTerms]:
    """Return the terms of each source by its name; `started_at` (Unix seconds) opens the hour of test codes.

    Raises:
        ConfigError: `test_until` is no moment.
    """
    pixels = {pixel.name: _pixel_terms(pixel) for pixel in settings.pixels}
    return {source.name: _source_terms(source, settings, pixels, started_at) for source in settings.sources}


def _pixel_terms(pixel: Pixel) -> PixelTerms:
    return PixelTerms(
        name=pixel.name,
        code=pixel.code,
        browser=pixel.browser,
        merge_events=frozenset(pixel.merge_events),
        server_events=frozenset(pixel.server_events),
        hold_seconds=pixel.hold_seconds,
        hold_blocked_seconds=pixel.hold_blocked_seconds,
        server_half_missing=pixel.server_half_missing,
        purchase_name=pixel.purchase_name,
        lead_name=pixel.lead_name,
    )


def _source_terms(
    source: Source, settings: Settings, pixels: Mapping[str, PixelTerms], started_at: float
) -> SourceTerms:
    mine = tuple(pixels[name] for name in source.pixels)
    observes = observes_by_default(source, {pixel.name: pixel for pixel in settings.pixels})
    mode = source.mode or (Mode.OBSERVE if observes else Mode.LIVE)
    until = started_at + TEST_SECONDS
    if source.test_until is not None:
        until = moment_of(source.test_until, f"sources.{source.name}.test_until")
    return SourceTerms(
        name=source.name,
        pixels=mine,
        check_rules=CheckRules(max_event_age_days=settings.tiktok.max_event_age_days),
        identity_rules=IdentityRules(
            default_country=source.default_country,
            lower_case_external_id=settings.tiktok.lower_case_external_id,
        ),
        consent=source.consent,
        regions=settings.consent.consent_regions,
        limits_opt_out=settings.consent.opt_out is OptOut.LIMIT,
        default_country=source.default_country,
        id_template=source.event_id,
        repeated_late=frozenset({"Purchase", source.refund_event or "Purchase"}),
        is_observed=mode is Mode.OBSERVE,
        source_test_code=source.test_event_code,
        test_until=until,
    )
