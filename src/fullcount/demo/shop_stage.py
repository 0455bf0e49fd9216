"""The demo shop with all that belongs to it: a TikTok, a gateway and the shop, each a process of its own."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from fullcount.demo.control import EmulatorControl
from fullcount.demo.operator import Operator
from fullcount.demo.processes import START_SECONDS, Child, Emulator, Gateway
from fullcount.demo.shop_site.orders import ID_TEMPLATE
from fullcount.demo.shop_site.settings import ShopSettings
from fullcount.demo.waiting import eventually
from fullcount.gateway.remote_clock import VARIABLE as CLOCK_VARIABLE

PIXEL = "CEXAMPLE0PIXEL000001"
TOKEN = "test-token-of-the-shop"  # noqa: S105 - opens nothing but the demo's emulator
SNIPPET_KEY = "pk-headphone-corner"
WEBHOOK_SECRET = "test-secret-of-the-shop"  # noqa: S105 - signs nothing but the demo's orders
WEBHOOK_SOURCE = "shop"
HOLD_SECONDS = 8.0  # how long one half waits; the default's 20 s would be long for who looks at it
COUNTRY = "DE"  # where a grant is needed
SHOP_COMMAND = (sys.executable, "-m", "fullcount.demo.shop_site")


class ShopOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the demo shop is started."""

    changes: Mapping[str, Any] = {}  # of the gateway's settings: tables are added to, lists of tables replaced
    emulator_options: tuple[str, ...] = ()  # of `fullcount emulate`
    webhook_delay_seconds: float = 0.5
    follows_emulator_clock: bool = False  # shop and gateway live in the emulator's time, which its control plane moves
    ahead_seconds: float = 0.0  # of the machine's time, when they start


class Shop(Child):
    """The shop's process on a free port."""

    url = ""

    def __init__(self, folder: Path, settings: ShopSettings) -> None:
        path = folder / "shop.json"
        path.write_bytes(msgspec.json.encode(settings))
        super().__init__("shop", folder, [str(path)], SHOP_COMMAND)

    async def start(self) -> None:
        """Start it and wait for its ready line."""
        self.launch()
        self.url = await eventually(self.said_url, "the shop is open", within_seconds=START_SECONDS)


class RunningShop:
    """The three processes, running, and how to ask them."""

    def __init__(self, http: aiohttp.ClientSession, emulator: Emulator, gateway: Gateway, shop: Shop) -> None:
        self.emulator = emulator
        self.gateway = gateway
        self.shop = shop
        self.control = EmulatorControl(http, emulator.url)
        self.operator = Operator(http, gateway)

    @property
    def url(self) -> str:
        """The shop's address; `/feed` there is the ad."""
        return self.shop.url

    @property
    def children(self) -> tuple[Child, ...]:
        """The processes."""
        return (self.shop, self.gateway, self.emulator)

    def require_running(self) -> None:
        """Raise a FullcountError if one of them has ended."""
        for child in self.children:
            child.require_running()


def gateway_settings(tiktok_url: str, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the gateway's settings: one pixel, whose halves are the snippet's and the shop's webhooks.

    `changes` adds to tables and replaces lists of tables.
    """
    common = {"pixels": ["store"], "default_country": COUNTRY, "event_id": ID_TEMPLATE}
    settings: dict[str, Any] = {
        "storage": {"url": "sqlite:fullcount.db", "min_free_disk": 1_000_000},
        "tiktok": {"base_url": tiktok_url, "timeout_seconds": 5.0},
        "delivery": {"max_wait_ms": 50, "retry_base_seconds": 0.1, "retry_cap_seconds": 1.0},
        "pixels": [
            {"name": "store", "code": PIXEL, "access_token": TOKEN, "browser": "snippet", "hold_seconds": HOLD_SECONDS}
        ],
        "sources": [
            {"name": "pages", "kind": "browser", "key": SNIPPET_KEY, "hold_consent": True, **common},
            {"name": WEBHOOK_SOURCE, "kind": "woocommerce", "key": WEBHOOK_SECRET, **common},
        ],
    }
    for table, values in (changes or {}).items():
        settings[table] = {**settings.get(table, {}), **values} if isinstance(values, dict) else values
    return settings


@contextlib.asynccontextmanager
async def start_shop(folder: Path, options: ShopOptions | None = None) -> AsyncIterator[RunningShop]:
    """Start all three on free loopback ports, their files in `folder`; end them, whatever happens.

    Raises:
        FullcountError: one of them did not start.
    """
    options = options or ShopOptions()
    emulator = Emulator(folder, {PIXEL: TOKEN}, name="tiktok", options=options.emulator_options)
    running: list[Child] = [emulator]
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http:
            await emulator.start()
            if options.ahead_seconds:
                await EmulatorControl(http, emulator.url).move_clock(options.ahead_seconds)
            clock_url = f"{emulator.url}/_emulator/clock" if options.follows_emulator_clock else ""
            gateway = Gateway(folder, gateway_settings(emulator.url, options.changes))
            running.append(gateway)
            gateway.launch({CLOCK_VARIABLE: clock_url} if clock_url else None)
            shop = Shop(folder, _shop_settings(folder, emulator, gateway, options, clock_url))
            running.append(shop)
            await shop.start()
            await gateway.ready(http)
            yield RunningShop(http, emulator, gateway, shop)
    finally:
        for child in reversed(running):
            child.kill()


def _shop_settings(
    folder: Path, emulator: Emulator, gateway: Gateway, options: ShopOptions, clock_url: str
) -> ShopSettings:
    prefix = options.changes.get("browser", {}).get("prefix", "/fc")
    return ShopSettings(
        port=0,
        gateway_url=gateway.url,
        tiktok_url=emulator.url,
        store=str(folder / "fullcount.db"),
        pixel_code=PIXEL,
        snippet_key=SNIPPET_KEY,
        prefix=prefix,
        webhook_path=f"/webhooks/{WEBHOOK_SOURCE}",
        webhook_secret=WEBHOOK_SECRET,
        webhook_delay_seconds=options.webhook_delay_seconds,
        clock_url=clock_url,
    )
