"""A clock that follows the emulator's, so that a test moves the time of several processes at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

import aiohttp
import msgspec

from fullcount.clock import Clock, SystemClock
from fullcount.config.address import is_loopback
from fullcount.errors import ConfigError

VARIABLE = "FULLCOUNT_CLOCK_URL"
POLL_SECONDS = 0.05


class _Said(msgspec.Struct):
    """What the emulator's `GET /_emulator/clock` answers; `offset` is how far it is ahead of the machine."""

    offset: float


_decoder = msgspec.json.Decoder(_Said)


class RemoteClock:
    """The machine's time and the emulator's offset. `start` it before use; without an answer the last offset holds."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._machine = SystemClock()
        self._offset = 0.0
        self._jumped = asyncio.Event()
        self._polling: asyncio.Task[None] | None = None

    def now(self) -> float:
        """Return the emulator's time in Unix seconds."""
        return self._machine.now() + self._offset

    async def sleep(self, seconds: float) -> None:
        """Wait until `now()` has moved on by `seconds`, be it by a jump."""
        wake_at = self.now() + seconds
        while (left := wake_at - self.now()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._jumped.wait()

    async def start(self) -> None:
        """Read the offset once, then go on following it.

        Raises:
            ConfigError: nobody answers there.
        """
        session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2.0))
        try:
            await self._follow(session)
        except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError):
            await session.close()
            raise ConfigError(
                "no clock answers at this address", where=VARIABLE, fix="start fullcount emulate, or unset it"
            ) from None
        self._polling = asyncio.create_task(self._poll(session))

    async def close(self) -> None:
        """Stop following."""
        if self._polling is not None:
            self._polling.cancel()
            with suppress(asyncio.CancelledError):
                await self._polling

    async def _poll(self, session: aiohttp.ClientSession) -> None:
        async with session:
            while True:
                await asyncio.sleep(POLL_SECONDS)
                with suppress(aiohttp.ClientError, TimeoutError, msgspec.MsgspecError):
                    await self._follow(session)

    async def _follow(self, session: aiohttp.ClientSession) -> None:
        async with session.get(self._url) as response:
            response.raise_for_status()
            offset = _decoder.decode(await response.read()).offset
        if offset != self._offset:
            self._offset = offset
            # Whoever waits looks at the time again; whoever comes later waits for the next jump.
            jumped, self._jumped = self._jumped, asyncio.Event()
            jumped.set()


def clock_of(environ: Mapping[str, str], base_url: str) -> Clock:
    """Return the machine's clock, or the emulator's if FULLCOUNT_CLOCK_URL names one.

    Raises:
        ConfigError: a clock is named, and it or `base_url` (TikTok's) is not on this machine.
    """
    url = environ.get(VARIABLE, "")
    if not url:
        return SystemClock()
    for address, what in ((url, "the clock"), (base_url, "tiktok.base_url")):
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not is_loopback(parts.hostname or ""):
            raise ConfigError(
                f"a clock that others move is for tests against an emulator, and {what} is not on this machine",
                where=VARIABLE,
                fix="unset it, or set tiktok.base_url to the emulator's address",
            )
    return RemoteClock(url)
