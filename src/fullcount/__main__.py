"""`fullcount` and `python -m fullcount`: the door to the command line, also where its parts are not installed."""

from __future__ import annotations

import sys

CLI_PARTS = frozenset({"typer", "rich", "click"})


def main() -> None:
    """Run the command that the process was started with; without the `cli` extra, say so and exit with 2."""
    try:
        from fullcount.cli import main as run  # noqa: PLC0415 - what it needs may not be installed
    except ModuleNotFoundError as error:
        if error.name not in CLI_PARTS:
            raise
        sys.stderr.write(
            f"fullcount: the command line needs {error.name}, which is not installed\n"
            "  Fix: pip install 'fullcount[gateway]' (or 'fullcount[cli]' for check and init alone)\n"
        )
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
