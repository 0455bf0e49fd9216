"""docs/sources/shopify.md says what the code does: the table of decisions, and every setting with its default."""

from __future__ import annotations

import re
from pathlib import Path

from fullcount.config.schema import default_text, field_of
from fullcount.sources.shopify.decisions import TABLE, Row
from fullcount.sources.shopify.options import ShopifyOptions

PAGE = (Path(__file__).parents[4] / "docs" / "sources" / "shopify.md").read_text(encoding="utf-8")
HEAD = "| order | source_name | financial_status | topic | setting | becomes |\n|---|---|---|---|---|---|\n"
MARKS = {
    "is_test": "test order",
    "is_cancelled": "cancelled",
    "is_refunded": "refunds in it",
    "is_zero": "total 0",
    "is_anonymous": "neither e-mail nor phone",
}


def in_words(row: Row) -> str:
    """Return a row of the table as the page writes it."""
    setting = f"`{row.setting} = {str(row.is_set).lower()}`" if row.setting else ""
    if row.setting == "test_event_code":
        setting = "`test_event_code`" if row.is_set else "no `test_event_code`"
    cells = (
        ", ".join(MARKS[mark] for mark in row.marks),
        f"`{row.channel}`" if row.channel else "",
        ", ".join(f"`{status}`" for status in row.statuses),
        ", ".join(f"`{topic}`" for topic in row.topics),
        setting,
        f"ignored: `{row.reason}`" if row.reason else f"**{row.becomes}**",
    )
    return f"| {' | '.join(cells)} |"


def test_the_page_has_the_table_of_decisions() -> None:
    """Row by row, in the order in which they are read."""
    _, found, rest = PAGE.partition(HEAD)
    assert found
    assert rest.partition("\n\n")[0].splitlines() == [in_words(row) for row in TABLE]


def test_the_page_names_every_setting_with_its_default() -> None:
    """A row for each key that this kind alone takes."""
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", PAGE, flags=re.MULTILINE))
    fields = ShopifyOptions.__struct_fields__
    assert rows == {key: default_text(field_of(ShopifyOptions, key)) for key in fields}


def test_the_list_of_senders_names_the_page() -> None:
    """docs/sources/README.md has Shopify's row."""
    readme = (Path(__file__).parents[4] / "docs" / "sources" / "README.md").read_text(encoding="utf-8")
    assert "| Shopify | `shopify` | `/webhooks/{source}` | [shopify.md](shopify.md) |" in readme
