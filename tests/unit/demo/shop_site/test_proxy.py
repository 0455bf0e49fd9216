"""The gateway under the shop's own host: what is handed on, and what comes back."""

from __future__ import annotations

import io

import aiohttp
from starlette.applications import Starlette
from starlette.routing import Route
from tests.unit.demo.shop_site.serving import Backend, served
from yarl import URL

from fullcount.demo.shop_site.proxy import MOST_BYTES, Proxy


def _behind(http: aiohttp.ClientSession, gateway_url: str) -> Starlette:
    return Starlette(routes=[Route("/fc/{path:path}", Proxy(http, gateway_url).handle, methods=["GET", "POST"])])


async def test_the_gateway_sees_the_browser_s_request() -> None:
    """Method, path, query, body, host and cookies are the browser's; its address is the last in X-Forwarded-For."""
    async with aiohttp.ClientSession() as http, Backend() as gateway, served(_behind(http, gateway.url)) as shop:
        headers = {"Cookie": "_fc=visitor", "X-Forwarded-For": "203.0.113.9", "Content-Type": "text/plain"}
        async with http.post(
            URL(f"{shop}/fc/e%2Fe?key=a%26b&v=1", encoded=True), data=b"{}", headers=headers
        ) as answer:
            assert answer.status == 200

    ((method, target, seen, body),) = gateway.requests
    assert (method, target, body) == ("POST", "/fc/e%2Fe?key=a%26b&v=1", b"{}")
    assert seen["host"] == shop.removeprefix("http://")
    assert seen["x-forwarded-for"] == "203.0.113.9, 127.0.0.1"
    assert seen["x-forwarded-proto"] == "http"
    assert (seen["cookie"], seen["content-type"]) == ("_fc=visitor", "text/plain")


async def test_nothing_is_made_up_on_the_way() -> None:
    """A header that the browser did not send is not added, and one that says how the proxy was reached stays here."""
    async with aiohttp.ClientSession() as http, Backend() as gateway, served(_behind(http, gateway.url)) as shop:
        skipped = ("User-Agent", "Accept", "Accept-Encoding")
        async with http.get(f"{shop}/fc/fc.js", skip_auto_headers=skipped, headers={"TE": "trailers"}) as answer:
            assert answer.status == 200

    seen = gateway.requests[0][2]
    assert {name.lower() for name in seen} <= {"host", "x-forwarded-for", "x-forwarded-proto"}


async def test_the_browser_gets_the_gateway_s_answer() -> None:
    """Status, body and every cookie come through as they are; a redirect is the browser's to follow."""
    async with aiohttp.ClientSession() as http, Backend() as gateway, served(_behind(http, gateway.url)) as shop:
        gateway.status, gateway.body = 302, b"moved"
        gateway.headers.extend(
            [("Set-Cookie", "_fc=1"), ("Set-Cookie", "ttclid=2"), ("Location", "/x"), ("ETag", '"e"')]
        )
        async with http.get(f"{shop}/fc/fc.js", allow_redirects=False) as answer:
            assert (answer.status, await answer.read()) == (302, b"moved")
            assert answer.headers.getall("Set-Cookie") == ["_fc=1", "ttclid=2"]
            assert (answer.headers["Location"], answer.headers["ETag"]) == ("/x", '"e"')
            assert len(answer.headers.getall("Date")) == 1


async def test_compressed_answers_stay_compressed() -> None:
    """The bytes that the gateway compressed reach the browser unchanged, with the header that says so."""
    async with (
        aiohttp.ClientSession(auto_decompress=False) as http,
        Backend() as gateway,
        served(_behind(http, gateway.url)) as shop,
    ):
        gateway.body = b"\x1f\x8b\x08 not really"
        gateway.headers["Content-Encoding"] = "gzip"
        async with http.get(f"{shop}/fc/fc.js") as answer:
            assert (await answer.read(), answer.headers["Content-Encoding"]) == (gateway.body, "gzip")


async def test_a_gateway_that_is_away_is_a_502() -> None:
    """The page learns that nobody answered, and keeps its events."""
    async with Backend() as gateway:
        url = gateway.url
    async with (
        aiohttp.ClientSession() as http,
        served(_behind(http, url)) as shop,
        http.post(f"{shop}/fc/e", data=b"{}") as answer,
    ):
        assert answer.status == 502


async def test_a_body_that_no_proxy_takes_is_a_413() -> None:
    """A megabyte is nginx's limit, and nothing beyond it reaches the gateway."""
    async with (
        aiohttp.ClientSession() as http,
        Backend() as gateway,
        served(_behind(http, gateway.url)) as shop,
        http.post(f"{shop}/fc/e", data=io.BytesIO(b"x" * (MOST_BYTES + 1))) as answer,
    ):
        assert answer.status == 413
        assert gateway.requests == []
