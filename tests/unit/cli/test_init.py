"""`fullcount init` writes a file that the loader takes, and no secret."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fullcount.cli import build_app
from fullcount.config.load import load_settings
from fullcount.config.settings import Browser, Mode
from fullcount.consent.decision import ConsentRule

SECRETS = {"TIKTOK_ACCESS_TOKEN": "test-token", "BACKEND_KEY": "test-key-of-the-backend"}


def init(folder: Path, *args: str, answers: str = "") -> Any:
    """Run `init` for a file in `folder`."""
    file = folder / "fullcount.toml"
    return CliRunner().invoke(build_app(), ["init", "--output", str(file), *args], input=answers)


@pytest.mark.parametrize("browser", list(Browser))
@pytest.mark.parametrize(("region", "rule"), [("US", ConsentRule.SENDER_VOUCHES), ("de", ConsentRule.BY_REGION)])
def test_what_it_writes_can_be_loaded(tmp_path: Path, browser: Browser, region: str, rule: ConsentRule) -> None:
    """For every answer the file loads without a warning and says what was answered; the snippet has its own source."""
    result = init(tmp_path, "--pixel-code", "CEXAMPLE0PIXEL000001", "--region", region, "--browser", browser, "--yes")
    loaded = load_settings(tmp_path / "fullcount.toml", SECRETS)

    assert result.exit_code == 0
    assert loaded.warnings == ()
    assert [source.kind for source in loaded.settings.sources] == (
        ["json", "browser"] if browser is Browser.SNIPPET else ["json"]
    )
    assert loaded.settings.pixels[0].code == "CEXAMPLE0PIXEL000001"
    assert loaded.settings.pixels[0].browser is browser
    assert loaded.settings.sources[0].consent is rule
    assert loaded.settings.sources[0].default_country == region.upper()
    assert loaded.settings.sources[0].mode is (Mode.OBSERVE if browser is Browser.OTHER else Mode.LIVE)


def test_it_asks_for_what_no_flag_says(tmp_path: Path) -> None:
    """At a terminal it asks for the code, the region and the browser half; a wrong word is asked again."""
    result = init(tmp_path, answers="CEXAMPLE0PIXEL000001\nGB\nperhaps\nother\n")
    text = (tmp_path / "fullcount.toml").read_text(encoding="utf-8")

    assert result.exit_code == 0
    assert 'browser = "other"' in text
    assert 'default_country = "GB"' in text


def test_a_wrong_answer_is_asked_again_at_once(tmp_path: Path) -> None:
    """An empty or impossible code says what is expected, for a trial too; so does what is no country."""
    result = init(tmp_path, answers="\nC-1\nCEXAMPLE0PIXEL000001\nEurope\nZZ\nGB\nnone\n")

    assert result.exit_code == 0
    assert result.stdout.count("CEXAMPLE0PIXEL000001 for a trial") == 2
    assert result.stdout.index("two letters, such as") < result.stdout.index("Browser half")
    assert 'default_country = "GB"' in (tmp_path / "fullcount.toml").read_text(encoding="utf-8")


def test_without_answers_the_options_are_named(tmp_path: Path) -> None:
    """Where nobody can be asked, it is no silent end."""
    result = init(tmp_path, answers="")

    assert result.exit_code == 2
    assert "--pixel-code" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_code_of_an_odd_form_is_taken_with_a_warning(tmp_path: Path) -> None:
    """Nobody knows all of TikTok's codes, but most likely it is a slip; a code of the usual form is not warned of."""
    odd = init(tmp_path, "--pixel-code", "abc", "--yes")
    (tmp_path / "fullcount.toml").unlink()
    usual = init(tmp_path, "--pixel-code", "CEXAMPLE0PIXEL000001", "--yes")

    assert odd.exit_code == 0
    assert "20 capital letters" in odd.stderr
    assert usual.stderr == ""


def test_beside_another_pixel_its_last_words_say_that_nothing_goes_out_yet(tmp_path: Path) -> None:
    """The source observes, and the line that ends it is named."""
    last = init(tmp_path, "--pixel-code", "CEXAMPLE0PIXEL000001", "--browser", "other", "--yes").stdout[-300:]

    assert 'set mode = "live"' in " ".join(last.split())


def test_it_opens_with_what_is_needed_and_ends_with_the_next_command(tmp_path: Path) -> None:
    """The role, the code and the token's place come first; the last line can be typed."""
    lines = init(tmp_path, "--pixel-code", "CEXAMPLE0PIXEL000001", "--yes").stdout.splitlines()

    opening = "\n".join(lines[:6])
    for word in ("Business Center", "admin or operator", "Its code", "Generate access token"):
        assert word in opening
    assert lines[-1].strip() == "fullcount send --test-code TEST12345 examples/purchase.json"


def test_the_key_is_printed_and_not_written(tmp_path: Path) -> None:
    """The source's key appears once, as an export line, new each time; the file names only its variable."""
    first = init(tmp_path, "--pixel-code", "CEXAMPLE0PIXEL000001", "--yes")
    key = re.findall(r"export BACKEND_KEY=(\S+)", first.stdout)[0]
    text = (tmp_path / "fullcount.toml").read_text(encoding="utf-8")
    (tmp_path / "fullcount.toml").unlink()
    second = init(tmp_path, "--pixel-code", "CEXAMPLE0PIXEL000001", "--yes")

    assert len(key) >= 32
    assert key not in text
    assert 'key = "env:BACKEND_KEY"' in text
    assert key not in second.stdout


def test_it_never_overwrites(tmp_path: Path) -> None:
    """A file that is there stays as it is, and the exit status is 2."""
    (tmp_path / "fullcount.toml").write_text("mine", encoding="utf-8")
    result = init(tmp_path, "--pixel-code", "CEXAMPLE0PIXEL000001", "--yes")

    assert result.exit_code == 2
    assert "there already" in result.stderr
    assert (tmp_path / "fullcount.toml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--yes"], "--pixel-code: it has no default"),
        (["--yes", "--pixel-code", 'C"\naccess_token = "x'], "letters and digits"),
        (["--yes", "--pixel-code", "CEXAMPLE0PIXEL000001", "--region", "Europe"], "two letters"),
        (["--yes", "--pixel-code", "CEXAMPLE0PIXEL000001", "--browser", "ours"], "--browser"),
    ],
)
def test_a_wrong_answer_writes_nothing(tmp_path: Path, args: list[str], said: str) -> None:
    """A missing code, a code that is none, an unknown region or half: exit 2 and no file."""
    result = init(tmp_path, *args)

    assert result.exit_code == 2
    assert said in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """What the system says of the file is passed on."""
    result = init(tmp_path / "absent", "--pixel-code", "CEXAMPLE0PIXEL000001", "--yes")

    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
