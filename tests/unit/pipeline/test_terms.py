"""The settings, as the pipeline needs them."""

from __future__ import annotations

import msgspec
import pytest

from fullcount.config.settings import Browser, Consent, Mode, Pixel, Settings, Source, TikTok
from fullcount.consent.decision import ConsentRule
from fullcount.errors import ConfigError
from fullcount.pipeline.terms import SourceTerms, terms_of

STARTED_AT = 1_775_000_000.0
PIXELS = (
    Pixel(name="store", code="CEXAMPLE0PIXEL000001", access_token="test-token"),
    Pixel(name="app", code="CEXAMPLE0PIXEL000002", access_token="test-token", browser=Browser.OTHER),
)


def terms(source: Source, **settings: object) -> SourceTerms:
    """Return one source's terms."""
    whole = msgspec.structs.replace(Settings(pixels=PIXELS, sources=(source,)), **settings)
    return terms_of(whole, STARTED_AT)[source.name]


def source(**changes: object) -> Source:
    """Return a source with changes."""
    return msgspec.structs.replace(Source(name="backend", key="test-key", pixels=("store",)), **changes)


def test_settings_reach_the_rules() -> None:
    """Age, external_id's case, country, consent, regions and template are taken over."""
    made = terms(
        source(default_country="DE", consent=ConsentRule.BY_REGION, event_id="order-{order_id}"),
        tiktok=TikTok(max_event_age_days=3, lower_case_external_id=True),
        consent=Consent(consent_regions={"BR": "opt_out"}),
    )

    assert made.check_rules.max_event_age_days == 3
    assert made.identity_rules.lower_case_external_id is True
    assert (made.identity_rules.default_country, made.default_country) == ("DE", "DE")
    assert (made.consent, made.regions, made.id_template) == (
        ConsentRule.BY_REGION,
        {"BR": "opt_out"},
        "order-{order_id}",
    )
    assert [pixel.name for pixel in made.pixels] == ["store"]


@pytest.mark.parametrize(
    ("mode", "pixels", "is_observed"),
    [
        (None, ("store",), False),
        (None, ("store", "app"), True),
        (Mode.LIVE, ("app",), False),
        (Mode.OBSERVE, ("store",), True),
    ],
)
def test_a_source_of_a_pixel_with_another_browser_half_observes_until_it_is_told(
    mode: Mode | None, pixels: tuple[str, ...], *, is_observed: bool
) -> None:
    """Without a mode of its own a source observes if one of its pixels has a browser half of others."""
    assert terms(source(mode=mode, pixels=pixels)).is_observed is is_observed


def test_a_sources_test_code_holds_for_an_hour_or_until_its_moment() -> None:
    """The request's code comes first; the source's own ends by itself."""
    for_an_hour = terms(source(test_event_code="TEST1"))
    until = terms(source(test_event_code="TEST1", test_until="2026-04-02T00:00:00Z"))
    never = terms(source())

    assert for_an_hour.test_code(None, STARTED_AT + 3_599) == "TEST1"
    assert for_an_hour.test_code(None, STARTED_AT + 3_600) is None
    assert until.test_code(None, 1_775_087_999) == "TEST1"
    assert until.test_code(None, 1_775_088_000) is None
    assert for_an_hour.test_code("TEST2", STARTED_AT) == until.test_code("TEST2", STARTED_AT * 2) == "TEST2"
    assert never.test_code(None, STARTED_AT) is None


def test_a_moment_that_is_none_is_a_config_error() -> None:
    """The path says which source."""
    with pytest.raises(ConfigError, match=r"sources\.backend\.test_until"):
        terms(source(test_event_code="TEST1", test_until="tomorrow"))
