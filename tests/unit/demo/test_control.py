"""The demo talks to an emulator or to nobody."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web

from fullcount.demo.control import EmulatorControl
from fullcount.demo.processes import free_port
from fullcount.emulator.serving import running_emulator
from fullcount.errors import ConfigError


async def test_an_emulator_is_recognised() -> None:
    """Its state is what the demo asks for before it sends anything."""
    async with running_emulator() as emulator, aiohttp.ClientSession() as http:
        assert (await EmulatorControl(http, emulator.base_url).require_emulator())["counted"] == 0


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404, "text": "not found"},
        {"text": "<html>welcome</html>", "content_type": "text/html"},
        {"text": '{"code":40001,"message":"no"}', "content_type": "application/json"},
        {"text": "[1,2]", "content_type": "application/json"},
    ],
    ids=["404", "a page", "JSON of somebody else", "a list"],
)
async def test_anything_else_that_answers_is_refused(answer: dict[str, object]) -> None:
    """A server that is no emulator (TikTok itself would be one) gets nothing but one question for its state."""
    seen: list[str] = []

    async def reply(request: web.Request) -> web.Response:
        seen.append(f"{request.method} {request.path}")
        return web.Response(**answer)  # type: ignore[arg-type]  # the parametrised keywords of one call

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", reply)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with aiohttp.ClientSession() as http:
            with pytest.raises(ConfigError, match="no emulator answers there"):
                await EmulatorControl(http, f"http://127.0.0.1:{port}").require_emulator()
    finally:
        await runner.cleanup()
    assert seen == ["GET /_emulator/state"]


async def test_an_address_where_nobody_listens_is_refused() -> None:
    """The error names the address and what mends it."""
    url = f"http://127.0.0.1:{free_port()}"
    async with aiohttp.ClientSession() as http:
        with pytest.raises(ConfigError, match="Fix: ") as refused:
            await EmulatorControl(http, url).require_emulator()
    assert refused.value.where == url


@pytest.mark.parametrize("url", ["https://business-api.tiktok.com", "http://203.0.113.9:8090", "nonsense"])
async def test_an_address_beyond_this_machine_is_not_even_asked(url: str) -> None:
    """No request leaves for TikTok, not even the question whether it is an emulator."""
    async with aiohttp.ClientSession() as http:
        with pytest.raises(ConfigError, match="not on this machine"):
            await EmulatorControl(http, url).require_emulator()
