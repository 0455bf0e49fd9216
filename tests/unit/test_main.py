"""The door to the command line."""

from __future__ import annotations

import subprocess
import sys

WITHOUT_TYPER = """
import sys
sys.modules["typer"] = None  # what the import system does for a module that is not there
from fullcount.__main__ import main
main()
"""


def test_without_the_command_line_s_parts_it_names_the_extra() -> None:
    """A library-only installation answers the command with the extra to install and exit status 2."""
    command = [sys.executable, "-c", WITHOUT_TYPER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    assert done.returncode == 2
    assert "pip install 'fullcount[gateway]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_can_be_run_as_a_module() -> None:
    """`python -m fullcount --version` prints the version."""
    done = subprocess.run([sys.executable, "-m", "fullcount", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("fullcount ")
