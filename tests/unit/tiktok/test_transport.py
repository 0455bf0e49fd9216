"""Real HTTP over loopback: what comes back, and what is a loss."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from fullcount.tiktok.transport import ANSWER_BYTES, AiohttpTransport, HttpAnswer, TransportLost

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
JSON = b'{"code":0}'


async def _request(reader: asyncio.StreamReader) -> tuple[dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head)}
    return headers, await reader.readexactly(int(headers["content-length"]))


def _answer(body: bytes, *, status: str = "200 OK", length: int | None = None, more: str = "") -> bytes:
    size = len(body) if length is None else length
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n{more}\r\n".encode() + body
    )


@asynccontextmanager
async def _served(behaviour: Behaviour) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behaviour(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


@asynccontextmanager
async def _transport(**options: object) -> AsyncIterator[AiohttpTransport]:
    transport = AiohttpTransport(**options)  # type: ignore[arg-type]  # options by name
    try:
        yield transport
    finally:
        await transport.close()


async def _posted(behaviour: Behaviour, **options: object) -> HttpAnswer:
    async with _served(behaviour) as url, _transport(**options) as transport:
        return await transport.post(url, {"Access-Token": "test-token"}, b"[1]")


async def test_one_connection_carries_many_requests() -> None:
    """Connections are kept: two posts arrive over one, whole and with their headers."""
    seen: list[tuple[dict[str, str], bytes]] = []
    connections = 0

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            seen.append(await _request(reader))
            writer.write(_answer(JSON, more="Retry-After: 7\r\n"))

    async with _served(behaviour) as url, _transport() as transport:
        for body in (b"[1]", b"[2]"):
            answer = await transport.post(url, {"Access-Token": "test-token"}, body)
            assert (answer.status, answer.body, answer.headers["retry-after"]) == (200, JSON, "7")

    assert connections == 1
    assert [(headers["access-token"], body) for headers, body in seen] == [
        ("test-token", b"[1]"),
        ("test-token", b"[2]"),
    ]


async def test_a_redirect_is_an_answer() -> None:
    """The token is not carried to another address."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(_answer(b"", status="302 Found", more="Location: http://127.0.0.1:1/\r\n"))

    assert (await _posted(behaviour)).status == 302


async def test_an_endless_answer_is_cut() -> None:
    """No more of an answer is kept than an answer of TikTok's could have."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(_answer(b"x" * ANSWER_BYTES * 3))
        await writer.drain()

    assert len((await _posted(behaviour)).body) == ANSWER_BYTES


async def test_a_body_may_be_compressed() -> None:
    """With gzip on, the body says so and unpacks to what was given."""
    seen: list[tuple[dict[str, str], bytes]] = []

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await _request(reader))
        writer.write(_answer(JSON))

    await _posted(behaviour, gzip_body=True)
    headers, body = seen[0]
    assert (headers["content-encoding"], gzip.decompress(body)) == ("gzip", b"[1]")


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _request(reader)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _request(reader)
    del writer


async def _half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _request(reader)
    writer.write(_answer(JSON, length=len(JSON) + 1))


async def _nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _request(reader)
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


@pytest.mark.parametrize("behaviour", [_reset, _close, _half, _nonsense])
async def test_a_broken_answer_may_have_been_taken(behaviour: Behaviour) -> None:
    """A reset, an early close, half a body or nonsense: the request may have arrived."""
    with pytest.raises(TransportLost) as lost:
        await _posted(behaviour)
    assert lost.value.may_have_arrived


async def test_a_late_answer_may_have_been_taken() -> None:
    """When the deadline passes while the far side thinks, the request may have arrived."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        await reader.read()  # until the caller has given up
        del writer

    with pytest.raises(TransportLost) as lost:
        await _posted(behaviour, timeout_seconds=0.05)
    assert lost.value.may_have_arrived


async def test_a_refused_connection_took_nothing() -> None:
    """Where nobody listens, nothing can have been taken."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        async with _transport() as transport:
            with pytest.raises(TransportLost) as lost:
                await transport.post(url, {}, b"{}")
    assert not lost.value.may_have_arrived


async def test_a_connection_that_never_comes_about_took_nothing() -> None:
    """Behind a firewall that drops packets the deadline passes before anything left, so nothing can have been taken."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        async with _transport(timeout_seconds=0.4) as transport:
            with pytest.raises(TransportLost) as lost:
                await transport.post(f"http://127.0.0.1:{full.getsockname()[1]}/", {}, b"{}")
    assert not lost.value.may_have_arrived


async def test_compressing_leaves_the_loop_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large body is compressed beside the event loop, which serves others meanwhile."""
    compress, threads = gzip.compress, []

    def noted(body: bytes, level: int, *, mtime: float) -> bytes:
        threads.append(threading.current_thread())
        return compress(body, level, mtime=mtime)

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(_answer(JSON))

    monkeypatch.setattr(gzip, "compress", noted)
    await _posted(behaviour, gzip_body=True)
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


async def test_a_token_with_a_line_break_takes_nothing() -> None:
    """A header that cannot be sent is found before the request, so nothing counts as maybe taken."""
    async with _transport() as transport:
        with pytest.raises(TransportLost, match="line break in the token") as lost:
            await transport.post("http://127.0.0.1:1/", {"Access-Token": "test-one\ntest-two"}, b"{}")
    assert not lost.value.may_have_arrived
    assert "test-one" not in str(lost.value)
