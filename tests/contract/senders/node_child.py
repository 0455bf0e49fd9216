"""Senders' libraries for Node.js, run unchanged in a process of their own; tools/setup.sh puts them into .venv/node."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "node"
LIBRARIES = Path(__file__).parents[3] / ".venv" / "node" / "node_modules"
_SECONDS = 60.0


async def run_node(script: str, **given: Any) -> Any:
    """Run a script of the `node` folder, and return the JSON that it printed.

    What is `given` is its environment variable GIVEN, as JSON; LIBRARIES says where the libraries are.
    """
    environment = {"PATH": os.environ["PATH"], "GIVEN": json.dumps(given), "LIBRARIES": str(LIBRARIES)}
    child = await asyncio.create_subprocess_exec(
        "node", FOLDER / script, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        printed, said = await asyncio.wait_for(child.communicate(), _SECONDS)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert child.returncode == 0, said.decode()
    return json.loads(printed)
