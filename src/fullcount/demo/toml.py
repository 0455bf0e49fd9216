"""Writing a settings file: tables, arrays of tables, and plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def to_toml(settings: Mapping[str, Any]) -> str:
    """Return the settings as TOML; a list of mappings becomes an array of tables.

    >>> print(to_toml({"server": {"port": 8080}, "pixels": [{"name": "store"}]}))
    [server]
    port = 8080
    <BLANKLINE>
    [[pixels]]
    name = "store"
    <BLANKLINE>
    """
    parts = []
    for name, value in settings.items():
        for table in value if isinstance(value, list) else [value]:
            head = f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
            lines = [f"{key} = {json.dumps(item)}" for key, item in table.items()]
            parts.append("\n".join([head, *lines]) + "\n")
    return "\n".join(parts)
