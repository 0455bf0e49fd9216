"""Moments as people write them in the settings."""

from __future__ import annotations

import datetime as dt

from fullcount.errors import ConfigError


def moment_of(text: str, path: str) -> float:
    """Return the Unix seconds of an ISO 8601 moment with its offset.

    Raises:
        ConfigError: it is not one, or it does not say its offset.
    """
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigError("not a moment with its offset", where=path, fix='write it as "2026-12-01T12:00:00Z"')
    return moment.timestamp()
