"""What holds for every command: quick start, help with an example that works, one way to fail."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from fullcount.cli import COMMANDS, build_app
from fullcount.errors import ConfigError, FullcountError


def walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command of the tree with its words."""
    children = getattr(command, "commands", None)
    if not children:
        yield path, command
        return
    for name, child in children.items():
        yield from walk(child, (*path, name))


LEAVES = dict(walk(get_command(build_app())))


def run(*args: str) -> Any:
    """Run the command line in this process."""
    return CliRunner().invoke(build_app(), list(args), env={"COLUMNS": "400", "TERM": "dumb", "NO_COLOR": "1"})


def test_every_command_in_the_list_is_there() -> None:
    """The visible list of commands is what the help page shows."""
    assert {words[0] for words in LEAVES} == set(COMMANDS)


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_help_page_has_an_example_whose_flags_exist(words: tuple[str, ...]) -> None:
    """The example of a command's help names that command, and only options that it takes."""
    page = run(*words, "--help")
    found = re.search(r"Example: (fullcount [^\n│]*)", page.output)

    assert page.exit_code == 0
    assert found, f"{' '.join(words)} --help has no example"
    example = shlex.split(found[1].strip())
    assert tuple(example[1 : 1 + len(words)]) == words
    options = {name for parameter in LEAVES[words].params for name in parameter.opts}
    for flag in (word for word in example if word.startswith("-") and word != "-"):
        assert flag in options, f"{flag} is no option of {' '.join(words)}"


def test_the_version_is_printed() -> None:
    """`--version` prints the package's version and does nothing else."""
    result = run("--version")

    assert result.exit_code == 0
    assert re.fullmatch(r"fullcount \d+\.\d+\.\d+\n", result.stdout)


def test_a_wrong_command_is_usage() -> None:
    """An unknown command exits 2 and names the near one."""
    result = run("inti")

    assert result.exit_code == 2
    assert "init" in result.stderr


@pytest.mark.parametrize(
    "error", [ConfigError("it broke", where="server.port", fix="mend it"), FullcountError("plain")]
)
def test_an_error_of_the_tree_is_one_message_and_exit_status_2(error: FullcountError) -> None:
    """No traceback: what, where and the fix on standard error, nothing on standard output."""
    app = build_app()

    def fail() -> None:
        raise error

    app.command("fail")(fail)
    result = CliRunner().invoke(app, ["fail"])

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("fullcount: ")
    for part in (error.what, error.where, error.fix):
        assert part in result.stderr
    assert "Traceback" not in result.stderr


def test_a_part_that_is_not_installed_names_the_extra() -> None:
    """Without the gateway's parts a command that needs them says what to install."""
    app = build_app()

    def need() -> None:
        importlib.import_module("a_module_that_nobody_has")

    app.command("need")(need)
    result = CliRunner().invoke(app, ["need"])

    assert result.exit_code == 2
    assert "a_module_that_nobody_has" in result.stderr
    assert "fullcount[gateway]" in result.stderr


def test_an_exit_status_of_a_command_is_kept() -> None:
    """A command that found problems exits 1."""
    app = build_app()

    def find() -> None:
        raise typer.Exit(1)

    app.command("find")(find)
    assert CliRunner().invoke(app, ["find"]).exit_code == 1


def test_help_loads_nothing_heavy() -> None:
    """`fullcount --help` imports no HTTP client, no server, no store and no phone numbers."""
    script = (
        "import sys\nfrom fullcount.cli import main\nsys.argv = ['fullcount', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'aiohttp', 'starlette', 'uvicorn', 'apsw', 'phonenumbers', 'jinja2'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own script

    assert shown.splitlines()[-1] == "[]"
