"""Fixtures of the tests with a real Chromium.

Playwright's async API, and one event loop for the whole folder: Chromium is started once for each worker of xdist and
lives in that loop. So the tests here are plain `async def` functions, and an async fixture is declared with
`@browser_fixture` in place of `@pytest.fixture`.

`page` is a fresh browser with one tab; `chromium` makes more of them (`await chromium.new_context()`). `site` serves
pages, `shop` pages with the snippet, `tiktok` is an emulator in this process. Real processes
(`fullcount.demo.processes`) are handed to `child`, which ends them:
`emulator = child(Emulator(tmp_path, {PIXEL: TOKEN}))`, then `await emulator.start()`.

`street` is the demo shop with its gateway and its TikTok as real processes, started once for each worker; `shopper` is
a person there with a browser of their own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from tests.browser.chromium import launch_chromium
from tests.browser.loop import browser_fixture
from tests.browser.shopper import Shopper
from tests.browser.site import Site
from tests.browser.snippet_shop import SnippetShop
from tests.browser.street import OPTIONS, Street

from fullcount.demo.processes import Child
from fullcount.demo.shop_stage import start_shop
from fullcount.testing.emulator import RunningEmulator, running_emulator

HERE = Path(__file__).parent
AnyChild = TypeVar("AnyChild", bound=Child)


class Keeper(Protocol):
    """Takes a process that runs or will run, ends it with the test, and hands it back."""

    def __call__(self, child: AnyChild, /) -> AnyChild:
        """Return `child`."""
        ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of this folder in the loop that Chromium lives in."""
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium, without a window."""
    async with async_playwright() as playwright:
        browser = await launch_chromium(playwright)
        yield browser
        await browser.close()


@browser_fixture
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that nobody has used: no cookies, no storage."""
    context = await chromium.new_context()
    yield context
    await context.close()


@browser_fixture
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A tab; an error that its scripts do not catch fails the test."""
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []


@browser_fixture
async def site() -> AsyncIterator[Site]:
    """A web site on a free port."""
    async with Site() as site:
        yield site


@browser_fixture
async def shop() -> AsyncIterator[SnippetShop]:
    """A shop that carries the snippet, on a free port."""
    async with SnippetShop() as shop:
        yield shop


@browser_fixture
async def tiktok() -> AsyncIterator[RunningEmulator]:
    """An emulated TikTok in this process."""
    async with running_emulator() as tiktok:
        yield tiktok


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def built_street(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    """The demo shop's three processes, for all tests of a worker: ask for `street`."""
    async with start_shop(tmp_path_factory.mktemp("street"), OPTIONS) as shop, aiohttp.ClientSession() as http:
        yield Street(shop, http)


@browser_fixture
async def street(built_street: Street) -> Street:
    """The demo shop; what TikTok has counted before this test is left out."""
    await built_street.begin()
    return built_street


@browser_fixture
async def shopper(street: Street, chromium: Browser) -> AsyncIterator[Shopper]:
    """Somebody who was never in the shop before."""
    async with Shopper(street, chromium) as shopper:
        yield shopper


@pytest.fixture
def child() -> Iterator[Keeper]:
    """What is handed over here is ended with the test, by its process id."""
    kept: list[Child] = []

    def keep(child: AnyChild) -> AnyChild:
        kept.append(child)
        return child

    yield keep
    for one in kept:
        one.kill()
