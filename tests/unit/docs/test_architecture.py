"""What the documents name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    """A page names no file or folder of this repository that is not there."""
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:src|tests|docs|examples|tools)/[\w./-]*)`", text))
    missing = sorted(path for path in named if not (ROOT / path).exists())
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    """A relative link of a page points to a file that is there."""
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    inside = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert not [link for link in inside if not (page.parent / link).exists()]


def test_the_ten_steps_name_functions_that_are_where_they_say() -> None:
    """Each "`name` in `path`" of the architecture is defined in that file."""
    text = " ".join((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split())
    claims = re.findall(r"`([A-Za-z_][\w.]*)` in `(src/[\w./]+\.py)`", text)
    assert len(claims) > 10
    missing = []
    for name, path in claims:
        source = (ROOT / path).read_text(encoding="utf-8")
        missing += [
            (name, path)
            for part in name.split(".")
            if not re.search(rf"^\s*(?:async )?(?:def|class) {part}\b", source, re.MULTILINE)
        ]
    assert not missing
