"""What an operator is told when the gateway starts."""

from __future__ import annotations

import re

import pytest

from fullcount.config.settings import Browser, Pixel, Settings, Source
from fullcount.consent.decision import ConsentRule
from fullcount.wiring import lines_at_start

NOW = 1_795_000_000.0  # 2026-11-18 11:06:40 UTC


def told(**source: str) -> dict[str, str]:
    """Return the values of the line about a source."""
    settings = Settings(sources=(Source(name="backend", key="test-key", pixels=(), **source),))  # type: ignore[arg-type]  # texts by name
    (values,) = [values for line, values in lines_at_start(settings, "http://127.0.0.1:8080", NOW) if line == "source"]
    return values


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2026-11-18T11:06:41+00:00", "all its events are test events until 2026-11-18T11:06:41+00:00"),
        ("2026-11-18T11:06:40+00:00", "its time is over since 2026-11-18T11:06:40+00:00: all its events are live"),
    ],
)
def test_a_test_code_is_told_with_its_end(until: str, said: str) -> None:
    """Whether a source's events are test events or live ones is what is true at the start."""
    assert told(test_event_code="TEST12345", test_until=until)["test_event_code"] == said


def test_a_test_code_without_an_end_holds_for_an_hour() -> None:
    """And a source without a code says nothing of one."""
    assert "one hour" in told(test_event_code="TEST12345")["test_event_code"]
    assert "test_event_code" not in told()


@pytest.mark.parametrize(
    ("consent", "said"), [("by_region", "need a grant"), ("required", "without a grant is withheld"), ("opt_out", "")]
)
def test_a_source_that_needs_a_grant_says_so(consent: str, said: str) -> None:
    """Whoever connects a shop reads at the start why its orders may be withheld; other rules withhold no silence."""
    assert said in told(consent=ConsentRule(consent)).get("means", "")
    assert ("means" in told(consent=ConsentRule(consent))) is bool(said)


def test_a_pixel_with_a_snippet_says_that_halves_wait_for_each_other() -> None:
    """Purchases of such a pixel wait, and its line says for how long."""
    pixel = Pixel(name="store", code="CEXAMPLE0PIXEL000001", access_token="test-token", browser=Browser.SNIPPET)
    lines = dict(lines_at_start(Settings(pixels=(pixel,)), "http://127.0.0.1:8080", NOW))

    assert "wait up to hold_seconds" in lines["pixel"]["means"]
    assert "test-token" not in str(lines)


def test_a_source_of_pages_says_what_to_paste() -> None:
    """The line that follows the settings, and the one that is pinned to its content."""
    pixel = Pixel(name="store", code="CEXAMPLE0PIXEL000001", access_token="test-token", browser=Browser.SNIPPET)
    pages = Source(name="web", kind="browser", key="pk-shop", pixels=("store",))
    settings = Settings(pixels=(pixel,), sources=(pages,))
    snippet = dict(lines_at_start(settings, "http://127.0.0.1:8080", NOW))["snippet"]

    assert snippet["source"] == "web"
    assert snippet["paste"] == '<script async src="/fc/fc.js?key=pk-shop"></script>'
    address = r'src="/fc/fc\.[0-9a-f]{12}\.js\?key=pk-shop"'
    integrity = 'integrity="sha384-[A-Za-z0-9+/]{64}" crossorigin'
    assert re.fullmatch(f"<script async {address} {integrity}></script>", snippet["or_fixed"])
