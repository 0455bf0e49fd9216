"""The rules and what is known of them: complete, unique, and the same in code and documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from fullcount.emulator.browser_rules import BROWSER_RULES
from fullcount.emulator.complaints import COMPLAINTS
from fullcount.emulator.rules import RULES, Evidence, Rule
from fullcount.emulator.settings import EmulatorSettings

DOC = Path(__file__).parents[3] / "docs" / "emulator.md"
SILENT: list[Rule] = [*RULES, *BROWSER_RULES]
ALL: list[Rule] = [*SILENT, *COMPLAINTS]


def _rows() -> dict[str, list[str]]:
    """Return the cells of each table row in the document that begins with a rule's id."""
    rows = [line.strip("| \n").split(" | ") for line in DOC.read_text(encoding="utf-8").splitlines() if "|" in line]
    return {cells[0].strip("`"): cells[1:] for cells in rows if "." in cells[0] and cells[0].startswith("`")}


def test_the_document_lists_exactly_the_rules() -> None:
    """No rule is missing from docs/emulator.md, and none stands there that the code does not have."""
    assert sorted(_rows()) == sorted(rule.id for rule in ALL)


def test_the_document_says_what_the_rules_say() -> None:
    """Evidence, words and origin of each rule are the same in both places."""
    rows = _rows()
    for rule in SILENT:
        assert rows[rule.id] == [rule.evidence.value, rule.text, rule.source]
    for complaint in COMPLAINTS:
        assert rows[complaint.id] == [
            complaint.level,
            complaint.title,
            complaint.evidence.value,
            complaint.text,
            complaint.source,
        ]


def test_every_rule_has_its_own_id_and_words() -> None:
    """An id, a text and a title are used once."""
    assert len({rule.id for rule in ALL}) == len(ALL)
    assert len({rule.text for rule in SILENT}) == len(SILENT)
    assert len({complaint.title for complaint in COMPLAINTS}) == len(COMPLAINTS)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_only_a_guess_has_no_origin(rule: Rule) -> None:
    """Whatever is not a guess says where it was found."""
    assert (rule.source == "-") == (rule.evidence is Evidence.GUESS)


def test_every_switch_that_a_rule_names_exists() -> None:
    """A switch named in a rule's text is a field of the settings."""
    fields = EmulatorSettings.__struct_fields__
    for rule in SILENT:
        if "(switch" not in rule.text:
            continue
        for name in rule.text.split("(switch", 1)[1].split("`")[1::2]:
            start, _, end = name.partition("…")
            assert any(field.startswith(start) and field.endswith(end) for field in fields), rule.id
