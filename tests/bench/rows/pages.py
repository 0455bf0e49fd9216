"""What the snippet costs a shop's page: bytes on the wire, and CPU time of the main thread of a real Chromium.

The page has base code and pixel, tells of a product view, and changes its content 60 times, at each of which the
snippet looks.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
from playwright.async_api import Browser, async_playwright
from tests.bench.figure import Figure, held_to
from tests.browser.chromium import launch_chromium
from tests.browser.snippet_shop import LOAD, SnippetShop

from fullcount.browser.settings import CONSENT_TOOLS, SnippetSettings
from fullcount.browser.snippet import render
from fullcount.testing.emulator import DEFAULT_PIXEL, running_emulator

BUDGET_BYTES = 3_072
LONG_TASK_MS = 50.0  # where the browser's own Long Tasks API begins
SLOWER = 4  # times slower than this machine may a telephone be and still see no long task
LOADS = 5  # of each round
CHANGES = 60
SCRIPT = "/fc/fc.js"
CALLS = "fullcount('track', 'ViewContent', {value: 59, currency: 'EUR', contents: [{content_id: 'SKU-7'}]});"
LATE = f"""let left = {CHANGES};
const step = () => {{
  document.body.append(document.createElement('p'));
  if (--left) setTimeout(step, 5); else document.title = 'Done';
}};
step();"""


def snippet(rounds: int) -> list[Figure]:
    """Size, the longest of its tasks, and all of them together."""
    usual = SnippetSettings(key="pk-shop", pixel=DEFAULT_PIXEL)
    full = msgspec.structs.replace(usual, consent_tools=CONSENT_TOOLS, template="order-{order_id}", hold_consent=True)
    longest, together = zip(*asyncio.run(_loads(usual, rounds * LOADS)), strict=True)
    note = f"CPU time in Chromium; a telephone {SLOWER} times slower has no long task ({LONG_TASK_MS:.0f} ms)"
    return [
        held_to(
            Figure("snippet: gzipped", [float(len(render(usual).gzipped))], "bytes", note="as served by default"),
            at_most=BUDGET_BYTES,
        ),
        Figure("snippet: gzipped, asks four consent tools", [float(len(render(full).gzipped))], "bytes"),
        held_to(Figure("snippet: longest task", list(longest), "ms", note=note), at_most=LONG_TASK_MS / SLOWER),
        Figure("snippet: all tasks of a page", list(together), "ms", note=f"which changes {CHANGES} times"),
    ]


async def _loads(settings: SnippetSettings, count: int) -> list[tuple[float, float]]:
    async with async_playwright() as playwright, running_emulator() as tiktok, SnippetShop() as shop:
        browser = await launch_chromium(playwright)
        shop.settings = settings
        shop.put("/", f"{LOAD} {CALLS}", tiktok=tiktok.base_url, late=LATE)
        measured = [await _load(browser, shop.url()) for _ in range(count)]
        await browser.close()
        return measured


async def _load(browser: Browser, url: str) -> tuple[float, float]:
    """Return the snippet's longest task and the sum of its tasks on one page, in milliseconds."""
    page = await browser.new_page()
    await browser.start_tracing(page=page, categories=["devtools.timeline", "v8"])
    await page.goto(url)
    await page.wait_for_function("document.title == 'Done'")
    trace: dict[str, Any] = json.loads(await browser.stop_tracing())
    await page.close()
    tasks = [each["tdur"] / 1000 for each in trace["traceEvents"] if _is_the_snippets(each)]
    if not tasks:
        raise RuntimeError("Chromium's trace does not name the snippet")
    return max(tasks), sum(tasks)


def _is_the_snippets(traced: dict[str, Any]) -> bool:
    data = traced.get("args", {}).get("data", {})
    return (
        traced.get("ph") == "X"
        and traced["name"] in ("EvaluateScript", "FunctionCall", "v8.compile")
        and SCRIPT in str(data.get("url", ""))
    )
