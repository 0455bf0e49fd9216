"""Normalising, hashing and cleaning by example: the triples (in, rule, out) of tests/fixtures/identity."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from fullcount.events.model import Event, Page, User
from fullcount.identity.identify import IdentityRules, identify
from fullcount.identity.urls import clean_url

FIXTURES = Path(__file__).parents[2] / "fixtures" / "identity"
HASHED = json.loads((FIXTURES / "hashed.json").read_text(encoding="utf-8"))
URLS = json.loads((FIXTURES / "urls.json").read_text(encoding="utf-8"))


def rule_of(triple: dict[str, Any]) -> str:
    """Name a test by its rule."""
    return f"{triple.get('field', 'url')}: {triple['rule']}"


@pytest.mark.parametrize("triple", HASHED, ids=rule_of)
def test_identifiers_are_normalised_and_hashed(triple: dict[str, Any]) -> None:
    """An identifier becomes the SHA-256 of its normal form, or is dropped with a problem at its path."""
    field, normal = triple["field"], triple.get("out")
    rules = IdentityRules(
        default_country=triple.get("country"), lower_case_external_id=bool(triple.get("lower", False))
    )
    identified, problems = identify(Event(event="Purchase", user=User(**{field: triple["in"]})), "order-1", rules)
    expected = triple.get("sha256") or (sha256(normal.encode()).hexdigest() if normal is not None else None)
    assert getattr(identified.user, field) == expected
    if expected is None:
        assert [problem.path for problem in problems] == ([] if triple.get("silent") else [f"user.{field}"])
    if normal is not None:
        assert sha256(normal.encode()).hexdigest() == expected


@pytest.mark.parametrize("triple", URLS, ids=rule_of)
def test_urls_are_cleaned(triple: dict[str, Any]) -> None:
    """A URL loses what identifies a person or opens a door, and nothing else, in page.url and page.referrer alike."""
    assert clean_url(triple["in"]) == triple["out"]
    page = Page(url=triple["in"], referrer=triple["in"])
    identified, problems = identify(Event(event="Purchase", page=page), "order-1", IdentityRules())
    assert identified.page == Page(url=triple["out"], referrer=triple["out"])
    changed = triple["in"] != triple["out"]
    assert [problem.code for problem in problems] == ["url_cleaned"] * 2 * changed


def test_the_digest_of_a_phone_without_its_plus_is_another() -> None:
    """The most common mistake, hashing the digits alone, gives a digest that matches nobody."""
    wrong = "1f81adb30e11317806be982cc82769fbf8627833a89dd87cb24d282f71828830"
    assert sha256(b"12133734253").hexdigest() == wrong
    identified, _ = identify(Event(event="Purchase", user=User(phone="+12133734253")), "order-1", IdentityRules())
    assert identified.user.phone != wrong
