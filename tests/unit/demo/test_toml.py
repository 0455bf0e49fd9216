"""A settings file that we write reads back as it was meant."""

from __future__ import annotations

import tomllib

from fullcount.demo.toml import to_toml


def test_what_is_written_reads_back() -> None:
    """Tables, arrays of tables, lists, text with quotes, numbers and booleans survive."""
    settings = {
        "server": {"host": "127.0.0.1", "port": 8080},
        "tiktok": {"gzip": False, "timeout_seconds": 1.5},
        "pixels": [{"name": 'a "b"', "code": "C1"}, {"name": "ü", "code": "C2"}],
        "sources": [{"name": "backend", "pixels": ["a", "b"]}],
    }

    assert tomllib.loads(to_toml(settings)) == settings
