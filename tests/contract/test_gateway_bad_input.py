"""Bad input, row by row: each gets its own clear answer, and the gateway goes on."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import msgspec
import pytest
from tests.contract.gateway_house import CODE, KEY, SETTINGS, House, purchase, served


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """A served gateway that still takes a right event when the test is over, and kept nothing of the bad ones."""
    async with served() as house:
        yield house
        assert not house.memory.counts["accepted"]
        assert (await house.events(purchase())).status == 202


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b'{"event": "Purchase",', "ends at byte 21"),
        (b'{"event": Purchase}', "byte 10"),
        (b'{"event": "Purchase"} tail', "byte 23"),
        (b'["Purchase"]', "got `array`"),
        (b'"Purchase"', "got `str`"),
        (b'{"events": {"event": "Purchase"}}', "$.events"),
        (b'{"event": "Purchase", "event_id": "caf\xe9"}', "byte 38"),
        (json.dumps(purchase()).encode("utf-16"), "byte 0"),
        (b'{"data": [], "event_source": "web"}', "TikTok's own API"),
    ],
)
async def test_what_is_not_our_json_is_400_with_its_place(house: House, body: bytes, reason: str) -> None:
    """A body that is no JSON, of a wrong type at the top, or not UTF-8 is refused with the byte or the reason."""
    answer = await house.events(body)

    assert answer.status == 400
    assert reason in answer.json["error"]["reason"]
    assert answer.json["error"]["fix"]


async def test_a_body_with_a_mark_of_byte_order_is_read() -> None:
    """UTF-8 with a mark at its start, as some editors write it, is taken."""
    async with served() as house:
        assert (await house.events(b"\xef\xbb\xbf" + json.dumps(purchase(event_id="café")).encode())).status == 202


async def test_a_declared_charset_that_is_not_utf8_is_400(house: House) -> None:
    """A charset of the header that we would misread is refused."""
    answer = await house.events(purchase(), **{"Content-Type": "application/json; charset=iso-8859-1"})

    assert (answer.status, answer.json["error"]["code"]) == (400, "not_utf8")


async def test_a_body_of_another_type_is_415_with_the_fix(house: House) -> None:
    """What curl sends by default is named, and so is the header that mends it."""
    answer = await house.events(purchase(), **{"Content-Type": "application/x-www-form-urlencoded"})

    assert (answer.status, answer.json["error"]["fix"]) == (415, "send Content-Type: application/json")


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd"])
async def test_an_unknown_encoding_is_415(house: House, encoding: str) -> None:
    """Only gzip is inflated."""
    assert (await house.events(purchase(), **{"Content-Encoding": encoding})).status == 415


PACKED = gzip.compress(json.dumps(purchase()).encode())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (PACKED[:-9], f"byte {len(PACKED) - 9}"),
        (PACKED[:20] + b"\x00" * 20 + PACKED[40:], "damaged"),
        (b"plain", "not gzip"),
        (PACKED + b"tail", f"byte {len(PACKED)}"),
        (b"", "byte 0"),
    ],
)
async def test_damaged_gzip_is_400_with_its_place(house: House, body: bytes, reason: str) -> None:
    """A gzip body that is cut, damaged, followed by something or no gzip at all is refused with the reason."""
    answer = await house.events(body, **{"Content-Encoding": "gzip"})

    assert answer.status == 400
    assert reason in answer.json["error"]["reason"]


async def test_a_body_over_the_limit_is_413(house: House) -> None:
    """Too many bytes are refused whether they are announced, come in chunks, or unfold from gzip."""
    large = json.dumps(purchase(padding="x" * 10_000_000)).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(large), 65_536):
            yield large[at : at + 65_536]

    announced = await house.events(large)
    packed = await house.events(gzip.compress(large), **{"Content-Encoding": "gzip"})
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    chunked = await house.ask("POST", "/v1/events", data=pieces(), headers=headers)

    assert [each.status for each in (announced, packed, chunked)] == [413, 413, 413]
    assert "200,000 bytes" in announced.json["error"]["reason"]


async def test_too_many_events_are_413(house: House) -> None:
    """A call with more events than the limit is refused with both numbers."""
    answer = await house.events({"events": [{}] * 40_000})

    assert answer.status == 413
    assert "40,000 events in one call; 100 are the most" in answer.json["error"]["reason"]


async def test_no_events_are_422(house: House) -> None:
    """An empty list is no success."""
    assert (await house.events({"events": []})).status == 422


SHAPES = pytest.mark.parametrize("shape", [(b'{"a":', b"}"), (b"[", b"]")])


@pytest.mark.parametrize("levels", [33, 300])
@SHAPES
async def test_an_event_that_is_too_deep_costs_itself_only(levels: int, shape: tuple[bytes, bytes]) -> None:
    """Too many levels refuse the event, alone or by index in a list, and its neighbours are taken."""
    event = b'{"event":"Purchase","deep":' + shape[0] * levels + b"1" + shape[1] * levels + b"}"
    async with served() as house:
        alone = await house.events(event)
        listed = await house.events(b'{"events":[' + event + b"," + json.dumps(purchase()).encode() + b"]}")

    assert (alone.status, listed.status) == (422, 202)
    assert listed.json["results"] == ["rejected", "accepted"]
    for answer in (alone, listed):
        assert answer.json["rejected"][0]["problems"][0]["code"] == "too_deep"


@SHAPES
async def test_a_body_that_no_reader_can_follow_is_400(house: House, shape: tuple[bytes, bytes]) -> None:
    """Where even the envelope cannot be read for its depth the call is refused, without trouble for the reader."""
    levels = 90_000 // len(shape[0])
    event = b'{"event":"Purchase","deep":' + shape[0] * levels + b"1" + shape[1] * levels + b"}"
    answers = [await house.events(event), await house.events(b'{"events":[' + event + b"]}")]

    assert [(each.status, each.json["error"]["code"]) for each in answers] == [(400, "too_deep")] * 2


@pytest.mark.parametrize("number", ["1e999", "9" * 5_000])
async def test_a_number_beyond_all_bounds_is_no_fault_of_ours(number: str) -> None:
    """Where a nested test code or a 1.0 key lets an event be read twice, such a number costs that event at most."""
    bad = f'{{"event": "Purchase", "test_event_code": "TEST1", "timestamp": {number}, "page": {number}}}'
    async with served() as house:
        ours = await house.events(f'{{"events": [{bad}, {json.dumps(purchase())}]}}'.encode())
        body = f'{{"event_source": "web", "event_source_id": "{CODE}", "data": [{bad}, {json.dumps(purchase())}]}}'
        drop_in = await house.drop_in(body.encode())

    assert (ours.status, ours.json["results"][1]) == (202, "accepted")
    assert (drop_in.status, drop_in.json["code"] in (0, 20001)) == (200, True)


async def test_half_an_emoji_costs_one_character() -> None:
    """A text that JavaScript cut inside a UTF-16 pair is taken with U+FFFD in its place."""
    body = json.dumps(purchase()).replace("SKU-1234", "SKU-\\ud83d").encode()
    async with served() as house:
        asked = await house.events(b'{"events": [' + body + b"]}")
        ((_, delivery),) = await house.deliveries()

    assert (asked.status, asked.json["accepted"]) == (202, 1)
    assert delivery.event.properties.contents[0].content_id == "SKU-\ufffd"


async def test_a_value_that_is_too_long_costs_its_event_only() -> None:
    """An overlong text is named with its key and place, by index, and the other events are taken."""
    async with served() as house:
        long = purchase(event_id="order-2", page={"url": "https://shop.example.com/?q=" + "x" * 20_000})
        answer = await house.events({"events": [long, purchase()]})

        assert answer.json["results"] == ["rejected", "accepted"]
        (problem,) = answer.json["rejected"][0]["problems"]
        assert (problem["path"], problem["code"]) == ("url", "value_too_long")
        assert "16,384 characters" in problem["reason"]


async def test_a_missing_or_unknown_key_is_401(house: House) -> None:
    """Without a key, with one that is nobody's or malformed, the answer is 401 and names no source."""
    missing = await house.events(purchase(), key=None)
    unknown = await house.events(purchase(), key="test-key-of-nobody")
    basic = await house.events(purchase(), key=None, Authorization="Basic dGVzdDp0ZXN0")
    empty = await house.events(purchase(), key=None, Authorization="Bearer ")

    assert [each.status for each in (missing, unknown, basic, empty)] == [401] * 4
    for each in (missing, unknown, basic, empty):
        assert each.headers["WWW-Authenticate"] == "Bearer"
        assert not any(source.name.encode() in each.body for source in SETTINGS.sources if source.name != "tiktok")


async def test_a_slow_body_is_408() -> None:
    """A body that does not arrive in its time is answered 408, and the connection is closed."""
    server = msgspec.structs.replace(SETTINGS.server, body_seconds=0.05)
    async with served(msgspec.structs.replace(SETTINGS, server=server)) as house:
        parts = urlsplit(house.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"POST /v1/events HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 500\r\n\r\n"
        writer.write(head.encode() + b'{"event":')
        answer = await reader.read()
        writer.close()

        assert answer.startswith(b"HTTP/1.1 408")
        assert b"did not arrive within 0.05 seconds" in answer


async def test_a_client_that_goes_away_leaves_nothing(house: House) -> None:
    """A request that breaks off before its body came stores nothing."""
    parts = urlsplit(house.url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"POST /v1/events HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 500\r\n\r\n"
    writer.write(head.encode() + b'{"event":')
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def test_unknown_paths_and_methods_name_what_is_there(house: House) -> None:
    """404 lists the routes, 405 the method that is taken."""
    nowhere = await house.ask("GET", "/v2/events")
    got = await house.ask("GET", "/v1/events")
    posted = await house.ask("POST", "/healthz")

    assert (nowhere.status, got.status, posted.status) == (404, 405, 405)
    assert "/v1/events" in nowhere.json["error"]["fix"]
    assert (got.headers["Allow"], posted.headers["Allow"]) == ("POST", "GET")
