"""Every key has a twin in the environment, and the environment wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fullcount.config.environment import overlay
from fullcount.config.load import load_settings
from fullcount.config.schema import SECTIONS, keys_of
from fullcount.errors import ConfigError


def overlaid(raw: dict[str, Any], **environ: str) -> dict[str, Any]:
    """Return `raw` with the environment's settings over it."""
    overlay(raw, environ)
    return raw


def test_the_environment_alone_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file, variables make a whole pixel and source; a token in one is no literal in a file."""
    monkeypatch.chdir(tmp_path)
    loaded = load_settings(
        None,
        {
            "FULLCOUNT_PIXELS__0__NAME": "store",
            "FULLCOUNT_PIXELS__0__CODE": "CEXAMPLE0PIXEL000001",
            "FULLCOUNT_PIXELS__0__ACCESS_TOKEN": "test-token",
            "FULLCOUNT_SOURCES__0__NAME": "backend",
            "FULLCOUNT_SOURCES__0__KEY": "test-key-of-the-backend",
            "FULLCOUNT_SOURCES__0__PIXELS": "store",
            "FULLCOUNT_SERVER__PORT": "9000",
        },
    )

    assert loaded.path is None
    assert loaded.warnings == ()
    assert loaded.settings.server.port == 9000
    assert loaded.settings.pixels[0].access_token == "test-token"
    assert loaded.settings.sources[0].pixels == ("store",)
    assert loaded.settings.storage.path == tmp_path / "var" / "fullcount.db"


def test_the_environment_wins_over_the_file() -> None:
    """A variable replaces what the file says and leaves the rest."""
    raw = overlaid({"server": {"host": "0.0.0.0", "port": 1}}, FULLCOUNT_SERVER__PORT="2")  # noqa: S104 - a value, not a bind

    assert raw == {"server": {"host": "0.0.0.0", "port": 2}}  # noqa: S104 - the same value


def test_a_table_is_found_by_number_or_name() -> None:
    """A pixel's twin names it by its place or by its name, in capitals, with _ for what a variable cannot hold."""
    raw: dict[str, Any] = {"pixels": [{"name": "store"}, {"name": "out-let"}]}
    overlay(raw, {"FULLCOUNT_PIXELS__0__CODE": "A", "FULLCOUNT_PIXELS__OUT_LET__CODE": "B"})

    assert raw["pixels"] == [{"name": "store", "code": "A"}, {"name": "out-let", "code": "B"}]


@pytest.mark.parametrize("text", ['["127.0.0.1","10.0.0.0/8"]', "127.0.0.1,10.0.0.0/8", "127.0.0.1 , 10.0.0.0/8"])
def test_a_list_is_json_or_has_commas(text: str) -> None:
    """Both ways to write a list give the same."""
    assert overlaid({}, FULLCOUNT_SERVER__TRUSTED_PROXIES=text)["server"]["trusted_proxies"] == [
        "127.0.0.1",
        "10.0.0.0/8",
    ]


def test_text_stays_as_it_is() -> None:
    """A template begins with a brace and is no JSON; a code of digits is no number."""
    raw = overlaid({"sources": [{}]}, FULLCOUNT_SOURCES__0__EVENT_ID="{order_id}", FULLCOUNT_SOURCES__0__KEY="12345")

    assert raw["sources"] == [{"event_id": "{order_id}", "key": "12345"}]


def test_a_list_of_numbers_is_one_of_numbers() -> None:
    """Written with commas or as JSON, purposes are numbers."""
    for text in ("1, 3", "[1,3]"):
        assert overlaid({}, FULLCOUNT_CONSENT__TCF_PURPOSES=text) == {"consent": {"tcf_purposes": [1, 3]}}


def test_a_country_of_the_region_table_can_be_set() -> None:
    """The one table of free keys takes a variable for each key, or JSON for all."""
    one = overlaid({}, FULLCOUNT_CONSENT__CONSENT_REGIONS__BR="opt_in")
    whole = overlaid({}, FULLCOUNT_CONSENT__CONSENT_REGIONS='{"BR":"opt_in"}')

    assert one == whole == {"consent": {"consent_regions": {"BR": "opt_in"}}}


@pytest.mark.parametrize(("text", "held"), [("true", True), ("false", False), ("1", True), ("0", False)])
def test_a_switch_takes_true_and_false(text: str, *, held: bool) -> None:
    """Switches are written as true, false, 1 or 0."""
    assert overlaid({}, FULLCOUNT_TIKTOK__GZIP=text) == {"tiktok": {"gzip": held}}


def test_every_plain_key_has_a_twin() -> None:
    """Each key of each section can be set by its variable to what it already is."""
    texts = {
        "server": {"host": "x", "trusted_proxies": "127.0.0.1"},
        "storage": {"url": "sqlite:x"},
        "delivery": {"max_bytes": "20000"},
        "tiktok": {
            "base_url": "http://127.0.0.1",
            "gzip": "true",
            "lower_case_external_id": "true",
            "partner_name": "x",
        },
        "consent": {"consent_regions": "{}", "opt_out": "limit"},
        "log": {"format": "json", "level": "info"},
    }
    for table, section in SECTIONS.items():
        for key in keys_of(section):
            variable = f"FULLCOUNT_{table}__{key}".upper()
            raw = overlaid({}, **{variable: texts.get(table, {}).get(key, "7")})
            assert key in raw[table]


def test_variables_that_are_no_settings_are_left_alone() -> None:
    """Without a double underscore a variable is none of ours to judge."""
    assert overlaid({}, FULLCOUNT_PORT="tcp://192.0.2.1:8080", FULLCOUNT_CONFIG="x", PATH="/bin") == {}


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("FULLCOUNT_SERVER__PROT", "1", 'did you mean "port"'),
        ("FULLCOUNT_SEVER__PORT", "1", 'did you mean "server"'),
        ("FULLCOUNT_SERVER__PORT", "many", "expected a whole number"),
        ("FULLCOUNT_SERVER__PORT", "99999", "<= 65535"),
        ("FULLCOUNT_SERVER__PORT__X", "1", "not that of a key"),
        ("FULLCOUNT_TIKTOK__GZIP", "perhaps", "true or false"),
        ("FULLCOUNT_SERVER__TRUSTED_PROXIES", "[1", "not JSON"),
        ("FULLCOUNT_SERVER__TRUSTED_PROXIES", "[" * 5_000, "not JSON"),
        ("FULLCOUNT_SERVER__TRUSTED_PROXIES", '["\udce9"]', "not JSON"),
        ("FULLCOUNT_PIXELS__0", "x", "not that of a key"),
        ("FULLCOUNT_PIXELS__²__CODE", "x", "no [[pixels]] table ²"),
        ("FULLCOUNT_PIXELS__3__CODE", "x", "no [[pixels]] table 3"),
        ("FULLCOUNT_PIXELS__OUTLET__CODE", "x", "0 or STORE"),
        ("FULLCOUNT_PIXELS__STORE__COD", "x", 'did you mean "code"'),
        ("FULLCOUNT_PIXELS__STORE__BROWSER", "ours", "snippet, other, none"),
    ],
)
def test_a_wrong_variable_is_named(variable: str, text: str, said: str) -> None:
    """The error stands at the variable, not at a key that the operator never wrote."""
    with pytest.raises(ConfigError) as caught:
        overlay({"pixels": [{"name": "store"}]}, {variable: text})

    assert caught.value.where == variable
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "variable", "said"),
    [
        ("pixels = [1]", "FULLCOUNT_PIXELS__0__CODE", "table of its own"),
        ('[consent]\nconsent_regions = "x"', "FULLCOUNT_CONSENT__CONSENT_REGIONS__BR", "expected a table"),
    ],
)
def test_a_variable_does_not_mend_a_file_of_the_wrong_shape(
    tmp_path: Path, text: str, variable: str, said: str
) -> None:
    """What stands in the file where a table should be is refused as if no variable had named it."""
    file = tmp_path / "fullcount.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=said):
        load_settings(file, {variable: "opt_in"})
