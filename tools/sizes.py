"""Fail if a module or a function has grown beyond what a person reads in one sitting."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

MODULE_LINES = 400
FUNCTION_LINES = 60


def long_places(root: Path) -> list[str]:
    """Return one line for each module or function under `root` that is too long."""
    found = []
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if (lines := text.count("\n")) > MODULE_LINES:
            found.append(f"{path}: {lines} lines (at most {MODULE_LINES}); is there a second noun in it?")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > FUNCTION_LINES:
                    found.append(f"{path}:{node.lineno}: {node.name} has {size} lines (at most {FUNCTION_LINES})")
    return found


if __name__ == "__main__":
    problems = long_places(Path("src"))
    sys.stdout.write("\n".join([*problems, f"{len(problems)} too long"]) + "\n")
    sys.exit(bool(problems))
