"""A body is bounded while it streams, and what is over the bound is never kept."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.gateway.body import BodyLimits, read_body
from fullcount.gateway.patience import Patience
from fullcount.sources.reply import Refusal


def limits(max_bytes: int = 1_000) -> BodyLimits:
    """Return small limits, for one event loop."""
    return BodyLimits(max_bytes, Patience(60.0))


class Pieces:
    """A client that sends these pieces, and remembers how many were asked for."""

    def __init__(self, *pieces: bytes, goes_away: bool = False) -> None:
        self.left = list(pieces)
        self.goes_away = goes_away
        self.asked = 0

    async def __call__(self) -> dict[str, Any]:
        """Give the next piece."""
        self.asked += 1
        if not self.left and self.goes_away:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self.left.pop(0), "more_body": bool(self.left) or self.goes_away}


@given(pieces=st.lists(st.binary(max_size=400), min_size=1, max_size=6), is_packed=st.booleans())
def test_a_body_arrives_whole_or_is_too_large(*, pieces: list[bytes], is_packed: bool) -> None:
    """However it is cut, packed or not, a body within the bound arrives as it was sent, and one over it does not."""
    whole = b"".join(pieces)
    headers = {b"content-encoding": b"gzip"} if is_packed else {}
    client = Pieces(gzip.compress(whole)) if is_packed else Pieces(*pieces)
    body = asyncio.run(read_body(client, headers, limits()))

    if len(whole) <= 1_000 and (not is_packed or len(gzip.compress(whole)) <= 1_000):
        assert body == whole
    else:
        assert isinstance(body, Refusal)
        assert body.status == 413


async def test_nothing_is_read_past_the_bound() -> None:
    """A body without an end is refused at the first piece over the bound; an announced one is not read at all."""
    endless, announced = Pieces(*[b"x" * 400] * 100), Pieces(b"x")
    first = await read_body(endless, {}, limits())
    second = await read_body(announced, {b"content-length": b"10000000"}, limits())

    assert isinstance(first, Refusal)
    assert isinstance(second, Refusal)
    assert (first.status, endless.asked, second.status, announced.asked) == (413, 3, 413, 0)


async def test_a_gzip_bomb_is_not_unfolded() -> None:
    """A small body that would inflate to 50 MB takes no more memory than the bound allows."""
    bomb = gzip.compress(b"\x00" * 50_000_000)
    tracemalloc.start()
    try:
        body = await read_body(Pieces(bomb), {b"content-encoding": b"gzip"}, limits(100_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert isinstance(body, Refusal)
    assert body.status == 413
    assert peak < 2_000_000


async def test_a_client_that_goes_away_has_no_body() -> None:
    """Half a body is nothing."""
    assert await read_body(Pieces(b'{"event":', goes_away=True), {}, limits()) is None


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json",
        b"application/json; charset=utf-8",
        b'application/json;charset="UTF-8"',
        b"application/vnd.example+json",
        b"text/plain",
        b"Application/JSON",
        b"",
        None,
    ],
)
async def test_what_may_be_json_is_read(content_type: bytes | None) -> None:
    """JSON's own types, text, and no type at all are taken."""
    headers = {} if content_type is None else {b"content-type": content_type}

    assert await read_body(Pieces(b"{}"), headers, limits()) == b"{}"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [(b"text/html", 415), (b"multipart/form-data; boundary=x", 415), (b"application/json; charset=utf-16", 400)],
)
async def test_what_cannot_be_utf8_json_is_refused_unread(content_type: bytes, status: int) -> None:
    """Other types and charsets are refused by the header alone."""
    client = Pieces(b"{}")
    body = await read_body(client, {b"content-type": content_type}, limits())

    assert isinstance(body, Refusal)
    assert (body.status, client.asked) == (status, 0)
