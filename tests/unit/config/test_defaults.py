"""The commented file with every default is the defaults, and it and the docs name every key."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from fullcount.config.load import DEFAULTS_FILE
from fullcount.config.schema import SECTIONS, TABLES, default_text, field_of, keys_of
from fullcount.config.settings import Pixel, Settings, Source

TEXT = DEFAULTS_FILE.read_text(encoding="utf-8")
UNCOMMENTED = re.sub(r"^#(?=[\w\[])", "", TEXT, flags=re.MULTILINE)
DOCS = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_default_file_is_the_defaults() -> None:
    """Read as it stands, default.toml gives exactly what an empty file gives."""
    assert msgspec.convert(tomllib.loads(TEXT), Settings) == Settings()


@pytest.mark.parametrize("table", [*SECTIONS, *TABLES])
def test_the_default_file_names_every_key(table: str) -> None:
    """With its commented keys uncommented, default.toml holds every key of every table."""
    held = tomllib.loads(UNCOMMENTED)[table]
    row = held[0] if isinstance(held, list) else held

    assert set(row) == set(keys_of((SECTIONS | TABLES)[table]))


def test_the_commented_tables_show_the_defaults_too() -> None:
    """The example pixel and source have, for each key that has a default, that default."""
    held = msgspec.convert(tomllib.loads(UNCOMMENTED), Settings)
    pixel = Pixel(name="store", code="CEXAMPLE0PIXEL000001", access_token="env:TIKTOK_ACCESS_TOKEN")
    source = Source(name="backend", key="env:BACKEND_KEY", pixels=("store",))

    assert held.pixels == (pixel,)
    for key in ("name", "kind", "key", "pixels", "consent"):
        assert getattr(held.sources[0], key) == getattr(source, key)


@pytest.mark.parametrize("table", [*SECTIONS, *TABLES])
def test_the_docs_name_every_key_with_its_default(table: str) -> None:
    """docs/settings.md has a row for each key, and the default in it is the one that holds."""
    text = DOCS.read_text(encoding="utf-8")
    section = text.split(f"\n## {table}\n", 1)[1].split("\n## ", 1)[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|`]*|`[^`]*`) \|", section, flags=re.MULTILINE))
    struct = (SECTIONS | TABLES)[table]

    assert list(rows) == list(keys_of(struct))
    for key, shown in rows.items():
        assert shown.strip().strip("`") == default_text(field_of(struct, key)), key
