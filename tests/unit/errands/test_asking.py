"""How a platform is asked over real HTTP: one GET, one whole answer or a loss."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from fullcount.errands.asking import AiohttpAsker, Answered, Unheard
from fullcount.sources.fetching import Question

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def platform(handler: Handler) -> AsyncIterator[str]:
    """Serve a platform on a free port; yield its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await web.SockSite(runner, listener).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            await runner.cleanup()


async def ask(asker: AiohttpAsker, url: str) -> Answered | Unheard:
    """Ask once and close."""
    try:
        return await asker.ask(Question(url, {"X-Auth-Token": "test-token"}))
    finally:
        await asker.close()


async def test_an_answer_comes_whole_with_its_headers_in_lower_case() -> None:
    """The token travels, the query stays as it is, nothing compressed is asked for, and no error status raises."""
    seen: list[tuple[str, ...]] = []

    async def answer(request: web.Request) -> web.Response:
        said = (request.headers[name] for name in ("X-Auth-Token", "Accept-Encoding"))
        seen.append((request.method, request.raw_path, *said))
        return web.Response(status=429, body=b"busy", headers={"Retry-After": "7"})

    async with platform(answer) as url:
        found = await ask(AiohttpAsker(), f"{url}/v3/customers?id:in=42")
    assert isinstance(found, Answered)
    assert (found.status, found.body, found.headers["retry-after"]) == (429, b"busy", "7")
    assert seen == [("GET", "/v3/customers?id:in=42", "test-token", "identity")]
    assert "busy" not in repr(found)


async def test_a_redirect_is_not_followed() -> None:
    """It would take the token to wherever it points."""
    paths: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        paths.append(request.path)
        raise web.HTTPFound("/elsewhere")

    async with platform(answer) as url:
        found = await ask(AiohttpAsker(), f"{url}/orders/1")
    assert isinstance(found, Answered)
    assert (found.status, paths) == (302, ["/orders/1"])


async def test_an_answer_that_is_too_large_is_a_loss_of_its_own() -> None:
    """No more than the bound is read; exactly the bound is whole."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * int(request.query["size"]))

    async with platform(answer) as url:
        whole = await ask(AiohttpAsker(most_bytes=1_000), f"{url}/?size=1000")
        large = await ask(AiohttpAsker(most_bytes=1_000), f"{url}/?size=1001")
    assert isinstance(whole, Answered)
    assert len(whole.body) == 1_000
    assert large == Unheard("an answer of more than 1,000 bytes", is_oversized=True)


async def test_whoever_is_not_there_breaks_off_or_is_silent_is_a_loss() -> None:
    """A closed port, a connection that ends half way, and an answer that never comes: a value without the address."""

    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gone = await ask(AiohttpAsker(), f"http://127.0.0.1:{port}/")
    async with platform(break_off) as url:
        half = await ask(AiohttpAsker(), url)
    with socket.create_server(("127.0.0.1", 0)) as listener:  # the system takes connections, and nobody answers
        silent = await ask(AiohttpAsker(timeout_seconds=0.05), f"http://127.0.0.1:{listener.getsockname()[1]}/")
    for found in (gone, half, silent):
        assert isinstance(found, Unheard)
        assert found.why.startswith("no answer: ")
        assert "127.0.0.1" not in found.why


async def test_what_is_no_address_is_a_loss() -> None:
    """Nothing raises for a URL that cannot be asked."""
    assert isinstance(await ask(AiohttpAsker(), "http://[x/"), Unheard)
