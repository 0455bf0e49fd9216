"""What `doctor` asks of the far side, when it is told to: its time, and whether each token works."""

from __future__ import annotations

import asyncio
import http.client
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import msgspec

from fullcount.cli.sending_words import start_emulator
from fullcount.cli.trial import Tried, try_events
from fullcount.clock import Clock
from fullcount.config.address import is_loopback
from fullcount.config.settings import Settings, Source, TikTok
from fullcount.errors import DestinationError

PROBE_ID = "fullcount-doctor"  # nobody's: an event without any key is a finding of its own
PROBE = "doctor"  # the name of the source that exists for the probe alone


async def clock_ahead_seconds(tiktok: TikTok, clock: Clock) -> float | None:
    """Return how far this machine's clock is ahead of the far side's Date header; None if it sends none.

    Raises:
        DestinationError: nobody answers there.
    """
    told = await asyncio.to_thread(_date_header, tiktok.base_url, tiktok.timeout_seconds)
    try:
        return None if told is None else clock.now() - parsedate_to_datetime(told).timestamp()
    except ValueError:
        return None


def _date_header(base_url: str, timeout_seconds: float) -> str | None:
    parts = urlsplit(base_url)
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=timeout_seconds)
    try:
        connection.request("HEAD", "/")
        return connection.getresponse().getheader("Date")
    except (OSError, http.client.HTTPException) as error:
        what = f"nobody answers ({type(error).__name__})"
        is_local = is_loopback(parts.hostname or "")
        fix = start_emulator(base_url) if is_local else "see that this machine reaches it"
        raise DestinationError(what, where=base_url, fix=fix) from None
    finally:
        connection.close()


async def probe_pixels(settings: Settings, test_event_code: str, clock: Clock) -> list[Tried]:
    """Send one test event, which names nobody, to each pixel under its own token; return what TikTok said."""
    source = Source(name=PROBE, key="", pixels=tuple(pixel.name for pixel in settings.pixels))
    event = {
        "event": "Pageview",
        "event_id": f"fullcount-doctor-{int(clock.now())}",
        "user": {"external_id": PROBE_ID},
        "event_time": int(clock.now()),
        "page": {"url": "https://example.com/"},
    }
    events = [("probe", msgspec.json.encode(event))]
    return await try_events(events, msgspec.structs.replace(settings, sources=(source,)), PROBE, test_event_code, clock)
