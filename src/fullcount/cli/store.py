"""The store as a command sees it: read-only, named by the settings."""

from __future__ import annotations

import datetime as dt

from fullcount.config.settings import Settings
from fullcount.errors import StoreUnavailable
from fullcount.queue.sqlite.reader import Reader


def open_reader(settings: Settings) -> Reader:
    """Return a reader of the settings' store.

    Raises:
        StoreUnavailable: there is none yet, or it cannot be read.
        StoreCorrupt: it is not a store of ours.
    """
    path = settings.storage.path
    if not path.exists():
        raise StoreUnavailable("there is no store yet", where=str(path), fix="start fullcount serve once")
    return Reader(path)


def pixel_name(settings: Settings, code: str) -> str:
    """Return what the settings call a pixel; its code if they do not know it any more."""
    return next((pixel.name for pixel in settings.pixels if pixel.code == code), code)


def moment(at: float) -> str:
    """Return Unix seconds as a moment in UTC: `2026-11-23 00:15:02.120`."""
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def span(seconds: float | None) -> str:
    """Return a length of time for a person: `12 s`, `3 min`, `5.2 h`, `2.0 d`; nothing for None.

    >>> span(12.4), span(200), span(18720), span(172800), span(None)
    ('12 s', '3 min', '5.2 h', '2.0 d', '')
    """
    if seconds is None:
        return ""
    for limit, size, unit in ((100, 1, "s"), (5_400, 60, "min"), (129_600, 3_600, "h")):
        if seconds < limit:
            return f"{seconds / size:.{1 if unit == 'h' else 0}f} {unit}"
    return f"{seconds / 86_400:.1f} d"
