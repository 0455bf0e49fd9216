"""docs/sources/google.md says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.unit.sources.ga4.requests import measured, names

from fullcount.sources.ga4.names import NAMES
from fullcount.sources.ga4.options import Ga4Options

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "sources" / "google.md").read_text(encoding="utf-8")


def test_the_page_names_every_option_with_its_default() -> None:
    """The table has a row for each key that this kind alone takes; a default of nothing stands empty."""
    table = PAGE.split("## Settings of this kind alone")[1].split("##")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ?`?([^`|]*?)`? \|", table, flags=re.MULTILINE))
    defaults = {key: getattr(Ga4Options(), key) for key in Ga4Options.__struct_fields__}
    written = {key: "" if value is None else json.dumps(value) for key, value in defaults.items()}
    assert {key: said.strip() for key, said in rows.items()} == written


def test_the_page_names_every_event_of_the_table() -> None:
    """Each of Google's names that is mapped or left out stands in the table of what arrives as what."""
    table = PAGE.split("## What arrives as what")[1].split("##")[0]
    known = set(re.findall(r"`([a-z_]+)`", table))
    assert {name for name in NAMES if not name.startswith("video_")} <= known
    assert "`video_*`" in table
    assert all(canonical in table for canonical in NAMES.values())


def test_the_example_is_a_purchase() -> None:
    """The body that the page posts is read as one purchase without a complaint but its missing time."""
    body = json.loads((ROOT / "examples" / "ga4-purchase.json").read_text(encoding="utf-8"))
    found = measured(body)
    assert names(found) == ["Purchase"]
    assert found.event.event_id == "12345"
    assert [problem.code for problem in found.arrivals[0].result.problems] == ["time_missing"]
