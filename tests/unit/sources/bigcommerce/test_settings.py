"""What a BigCommerce source's settings may say, and what its page tells of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.sources.bigcommerce.shop import BIGCOMMERCE, rules
from tests.unit.sources.fixtures import CODE

from fullcount.config.crosscheck import refuse_contradictions
from fullcount.config.decode import decode
from fullcount.config.load import load_settings
from fullcount.config.schema import default_text, field_of
from fullcount.errors import ConfigError
from fullcount.sources.bigcommerce.options import BigCommerceOptions

PAGE = Path(__file__).parents[4] / "docs" / "sources" / "bigcommerce.md"
PIXEL = {"name": "store", "code": CODE, "access_token": "test-token"}


def check(**options: Any) -> None:
    """Refuse a source with these options as the settings do."""
    source = {"name": "bc", "kind": "bigcommerce", "key": "test-key-bc-0000001", "pixels": ["store"], **options}
    refuse_contradictions(decode({"pixels": [PIXEL], "sources": [source]}, {}))


@pytest.mark.parametrize(
    "options",
    [
        {"api_token": "test-token"},
        {"store_hash": "abc123"},
        {"api_token": "test-token", "store_hash": "abc/../123"},
        {"header": "X Key"},
        {"api_base_url": "http://api.example.com"},
        {"api_base_url": "https://api.example.com/v2"},
        {"api_base_url": "https://user:word@api.example.com"},
        {"api_base_url": "ftp://127.0.0.1"},
        {"api_base_url": "http://[x"},
        {"api_base_url": "http://127.0.0.1:99999"},
        {"api_base_url": ""},
    ],
)
def test_what_leads_a_token_astray_or_fetches_nothing_is_refused_at_start(options: dict[str, str]) -> None:
    """A token without its store, a path out of the API, an open connection: named with its fix."""
    with pytest.raises(ConfigError) as refused:
        check(**options)
    assert refused.value.where == "sources[0]"
    assert refused.value.fix


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"header": "X-Fullcount-Key"},
        {"api_token": "test-token", "store_hash": "abc123", "api_base_url": "http://127.0.0.1:8099"},
        {"api_token": "test-token", "store_hash": "abc123", "api_base_url": "http://[::1]:8099/"},
        {"api_token": "test-token", "store_hash": "abc123", "api_base_url": "http://localhost:8099"},
    ],
)
def test_what_fits_is_taken(options: dict[str, str]) -> None:
    """Plain HTTP is for this machine alone."""
    check(**options)


def test_the_token_is_a_secret() -> None:
    """It is read from the environment as keys are, and shown in no repr."""
    table = {
        "FULLCOUNT_PIXELS__0__NAME": "store",
        "FULLCOUNT_PIXELS__0__CODE": CODE,
        "FULLCOUNT_PIXELS__0__ACCESS_TOKEN": "test-token",
        "FULLCOUNT_SOURCES__0__NAME": "bc",
        "FULLCOUNT_SOURCES__0__KIND": "bigcommerce",
        "FULLCOUNT_SOURCES__0__KEY": "test-key-bc-0000001",
        "FULLCOUNT_SOURCES__0__PIXELS": "store",
        "FULLCOUNT_SOURCES__0__API_TOKEN": "env:BC_TOKEN",
        "FULLCOUNT_SOURCES__0__STORE_HASH": "abc123",
        "BC_TOKEN": "test-token-of-the-api",
    }
    options = load_settings(None, table).settings.sources[0].options

    assert isinstance(options, BigCommerceOptions)
    assert options.api_token == "test-token-of-the-api"
    assert "test-token" not in repr(options)


def test_a_source_without_its_token_asks_nothing() -> None:
    """A notice that was kept before the token was taken out of the settings is not asked for."""
    assert BIGCOMMERCE.questions(b'{"scope":"store/order/created","thing_id":"250"}', rules(api_token="")) == ()
    assert BIGCOMMERCE.questions(b"?", rules()) == ()


def test_the_page_names_every_option_with_its_default() -> None:
    """docs/sources/bigcommerce.md has a row for each key that this kind alone takes."""
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert rows == {
        key: default_text(field_of(BigCommerceOptions, key)) for key in BigCommerceOptions.__struct_fields__
    }
