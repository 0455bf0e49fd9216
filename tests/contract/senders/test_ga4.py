"""Google's senders against the gateway over real HTTP: as recorded, authentic or not, once, refused, large, odd."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.senders.house import SenderHouse, house_of
from tests.unit.sources.fixtures import fixture
from tests.unit.sources.mutants import mutated

MEASURED = fixture("ga4/mp_purchase.json")
MIXED = fixture("ga4/mp_batch_mixed.json")
INVALID = fixture("ga4/debug_invalid_name.json")
SINGLE = fixture("ga4/g_collect_single.body.txt")
BATCH = fixture("ga4/g_collect_batch.body.txt")
DENIED = fixture("ga4/g_collect_consent_denied.body.txt")
DATA = fixture("ga4/sgtm_event_data_purchase.json")
SECRET = "fixture"
SHOP: dict[str, Any] = {"kind": "ga4", "key": SECRET, "measurement_id": "G-FIXTURE001"}
ORIGIN = "https://shop.example.com"
KEYED = {"path": f"/data?v=2&event=purchase&key={SECRET}"}


def measurement(**changes: Any) -> bytes:
    """Return the recorded purchase with some of its fields changed."""
    return json.dumps({**json.loads(MEASURED.body), **changes}).encode()


async def ids(house: SenderHouse) -> list[str]:
    """Return the event ids of what waits for TikTok."""
    return [event.event_id for event in await house.arrived()]


async def test_recorded_requests_are_answered_and_counted_once() -> None:
    """Each of Google's requests as it was recorded, twice: the status that it expects, one delivery for each event."""
    async with house_of(SHOP) as house:
        for recorded, changed in ((MEASURED, {}), (SINGLE, {}), (BATCH, {}), (DENIED, {}), (DATA, KEYED)):
            for _ in range(2):
                answer = await house.replay(recorded, **changed)
                assert answer.status == (200 if recorded is DATA else 204)
        events = await house.arrived()
        assert [event.canonical for event in events] == ["Purchase", "Purchase", "Pageview", "ViewContent", "Purchase"]
        assert [event.event_id for event in events if event.canonical == "Purchase"] == ["T-77", "T-78", "T-79"]
        assert house.queue.counts["withheld"] == 2, "the refusal, each time it was sent"


async def test_the_tags_own_request_line_is_understood_byte_for_byte() -> None:
    """The recorded request written to a bare connection: 204 without a body, and the page may read that."""
    async with house_of(SHOP) as house:
        lines = [f"POST {SINGLE.path} HTTP/1.1", f"Host: {urlsplit(house.url).netloc}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in SINGLE.headers.items()]
        heard = await house.talk("\r\n".join([*lines, "Content-Length: 0", "", ""]).encode())
        head, _, rest = heard.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 204")
        assert rest == b""
        assert b"access-control-allow-origin: https://shop.example.com" in head.lower()
        assert b"access-control-allow-credentials: true" in head.lower()
        (event,) = await house.arrived()
        assert (event.event_id, event.properties.contents[0].content_name) == ("T-78", "Blue ~ white mug")


async def test_the_shopper_s_address_is_that_behind_the_proxy() -> None:
    """A page's request comes through the shop's own proxy, which names the visitor."""
    async with house_of(SHOP) as house:
        await house.replay(SINGLE, headers={**SINGLE.headers, "X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
        (event,) = await house.arrived()
        assert event.user.ip == "203.0.113.9"


async def test_what_is_not_authentic_is_refused_without_a_hint() -> None:
    """A wrong and a missing secret, another property's tag, event data without a key: the same 401."""
    async with house_of(SHOP) as house:
        answers = [
            await house.replay(MEASURED, path="/mp/collect?measurement_id=G-FIXTURE001&api_secret=wrong"),
            await house.replay(MEASURED, path="/mp/collect?measurement_id=G-FIXTURE001"),
            await house.replay(MEASURED, path=f"/mp/collect?measurement_id=G-OTHER&api_secret={SECRET}"),
            await house.replay(SINGLE, path=SINGLE.path.replace("G-FIXTURE001", "G-OTHER")),
            await house.replay(DATA),
        ]
        assert [answer.status for answer in answers] == [401] * 5
        assert len({answer.body for answer in answers}) == 1
        assert await house.arrived() == []
        assert SECRET not in house.log


async def test_a_page_of_another_host_is_refused_where_hosts_are_named() -> None:
    """Its browser is told nothing that would let its script read the answer."""
    async with house_of({**SHOP, "origins": ["shop.example.com"]}) as house:
        assert (await house.replay(SINGLE)).status == 204
        foreign = await house.replay(SINGLE, headers={**SINGLE.headers, "Origin": "https://evil.example"})
        assert foreign.status == 401
        assert "Access-Control-Allow-Origin" not in foreign.headers
        assert await ids(house) == ["T-78"]


async def test_a_wrong_secret_may_hear_what_google_says() -> None:
    """With strict_secret off it is 204, nothing is stored, and the right one still counts."""
    async with house_of({**SHOP, "strict_secret": False}) as house:
        wrong = await house.replay(MEASURED, path="/mp/collect?measurement_id=G-FIXTURE001&api_secret=wrong")
        assert (wrong.status, wrong.body) == (204, b"")
        assert await house.arrived() == []
        assert (await house.replay(MEASURED)).status == 204
        assert await ids(house) == ["T-77"]


async def test_what_the_store_refuses_is_told_and_comes_again_once() -> None:
    """503 with Retry-After, readable by a page; the sender's repetition is one delivery."""
    async with house_of(SHOP) as house:
        for recorded, changed in ((MEASURED, {}), (SINGLE, {}), (BATCH, {}), (DATA, KEYED)):
            house.queue.refusals = 2
            for expected in (503, 503, None, None):
                answer = await house.replay(recorded, **changed)
                assert answer.status == (expected or (200 if recorded is DATA else 204))
                if expected:
                    assert answer.headers["Retry-After"] == "1"
                    if recorded in (SINGLE, BATCH):
                        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert len(await ids(house)) == 5


async def test_the_order_is_one_purchase_whichever_of_google_s_ways_tells_it() -> None:
    """The tag and the shop's own server name the same order: one delivery."""
    bodies = json.loads(MEASURED.body)
    bodies["events"][0]["params"]["transaction_id"] = "T-78"
    async with house_of(SHOP) as house:
        assert (await house.replay(SINGLE)).status == 204
        assert (await house.replay(MEASURED, body=json.dumps(bodies).encode())).status == 204
        assert await ids(house) == ["T-78"]


async def test_the_batch_is_recorded_with_its_refund_and_what_was_left_out() -> None:
    """Of events that name nobody only the outcome is kept; the refund is recorded once."""
    async with house_of(SHOP) as house:
        for _ in range(2):
            assert (await house.replay(MIXED)).status == 204
        assert await house.arrived() == []
        (refund,) = house.queue.refunds.values()
        assert (refund.order_event_id, refund.amount) == ("T-77", 0.0)
        assert house.queue.counts["ignored"] == 2


async def test_the_validator_answers_and_stores_nothing() -> None:
    """A wrong name by its code; a right request by an empty list; with any secret."""
    async with house_of(SHOP) as house:
        house.queue.refusals = 9
        wrong = await house.replay(INVALID)
        assert wrong.status == INVALID.expect["status"]
        assert [each["validationCode"] for each in wrong.json["validationMessages"]] == [
            INVALID.expect["validationCode"]
        ]
        right = await house.replay(MEASURED, path="/debug/mp/collect?measurement_id=G-FIXTURE001&api_secret=x")
        assert right.json == {"validationMessages": []}
        assert house.queue.refusals == 9, "it asks nothing of the store"


async def test_browsers_and_probes_are_answered_before_anything_else() -> None:
    """A preflight allows the page, HEAD is 204, and a GET of the Measurement Protocol is told to be a POST."""
    async with house_of(SHOP) as house:
        asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
        preflight = await house.send(b"", asked, path="/g/collect?v=2", method="OPTIONS")
        assert preflight.status == 204
        assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
        for path in ("/mp/collect", "/g/collect", "/data", "/debug/mp/collect"):
            assert (await house.send(b"", path=path, method="HEAD")).status == 204
        assert (await house.send(b"", path="/mp/collect", method="GET")).status == 405
        assert (await house.send(b"", path="/debug/mp/collect", method="GET")).status == 405
        page_view = "/g/collect?v=2&tid=G-FIXTURE001&cid=1.2&_p=1&_s=1&en=page_view&gcs=G111"
        assert (await house.send(b"", {"User-Agent": "Test/1.0"}, path=page_view, method="GET")).status == 204
        image = await house.send(b"", path=f"/data?key={SECRET}&event=search&user_id=u", method="GET")
        assert (image.status, image.headers["Content-Type"]) == (200, "image/gif")
        assert [event.event for event in await house.arrived()] == ["Pageview", "Search"]


async def test_compressed_bodies_are_read() -> None:
    """A server may send gzip."""
    async with house_of(SHOP) as house:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        assert (await house.replay(MEASURED, body=gzip.compress(MEASURED.body), headers=headers)).status == 204
        assert await ids(house) == ["T-77"]


async def test_a_large_order_is_one_event_and_a_large_page_request_is_refused() -> None:
    """10,000 items of 5 MB from a server: the value stays that of all; a tag never sends so much."""
    items = [
        {"item_id": f"SKU-{number}", "item_name": "x" * 460, "price": 1, "quantity": 1} for number in range(10_000)
    ]
    body = measurement(events=[{"name": "purchase", "params": {"transaction_id": "T-1", "items": items}}])
    assert len(body) > 5_000_000
    async with house_of(SHOP) as house:
        assert (await house.replay(MEASURED, body=body)).status == 204
        (event,) = await house.arrived()
        assert event.properties.value == 10_000
        assert 0 < len(event.properties.contents) <= 500
        refused = await house.replay(BATCH, body=body)
        assert refused.status == 413
        assert refused.headers["Access-Control-Allow-Origin"] == ORIGIN


async def test_what_cannot_be_read_is_a_400_and_too_much_a_413() -> None:
    """The caller that looks is told, where Google would say nothing."""
    async with house_of(SHOP) as house:
        for body in (b"", b"[1]", b"not json"):
            assert (await house.replay(MEASURED, body=body)).status == 400
        assert (await house.replay(MEASURED, body=measurement(events=[{"name": "search"}] * 26))).status == 413


async def test_a_flood_from_one_page_is_shed_and_its_purchase_is_not() -> None:
    """Beyond its measure an address's page events are 429, which the page may read; its purchase is taken."""
    async with house_of(SHOP, browser={"events_per_minute": 2}) as house:

        def page_view(count: int) -> str:
            return f"/g/collect?v=2&tid=G-FIXTURE001&cid=1.2&_p=1&_s={count}&en=page_view&gcs=G111"

        answers = [await house.send(b"", {"Origin": ORIGIN}, path=page_view(count)) for count in range(4)]
        assert [answer.status for answer in answers] == [204, 204, 429, 429]
        assert answers[-1].headers["Access-Control-Allow-Origin"] == ORIGIN
        assert (await house.replay(SINGLE)).status == 204
        assert (await ids(house))[-1] == "T-78"


_VALUES = st.text(max_size=12) | st.sampled_from(["", "~", "~~", "%", "null", "1e999", "tv.1~em.x", "G1"])
_KEYS = st.sampled_from(
    ["en", "cid", "uid", "_p", "_s", "cu", "pr1", "em", "gcs", "gcd", "dl", "ep.value", "epn.value"]
)
_QUERIES = st.dictionaries(_KEYS, _VALUES, max_size=8)


@settings(max_examples=5, deadline=None)
@given(
    measured=st.lists(mutated(json.loads(MEASURED.body)), min_size=5, max_size=5),
    data=st.lists(mutated(json.loads(DATA.body)), min_size=5, max_size=5),
    queries=st.lists(st.tuples(_QUERIES, st.lists(_QUERIES, max_size=2)), min_size=5, max_size=5),
)
def test_no_request_is_answered_with_a_5xx(
    measured: list[Any], data: list[Any], queries: list[tuple[dict[str, str], list[dict[str, str]]]]
) -> None:
    """Requests with anything in them are taken or refused, and nothing breaks."""

    async def post_all() -> None:
        async with house_of(SHOP) as house:
            sent = [await house.replay(MEASURED, body=json.dumps(body).encode()) for body in measured]
            sent += [await house.replay(DATA, body=json.dumps(body).encode(), **KEYED) for body in data]
            for query, lines in queries:
                path = f"/g/collect?tid=G-FIXTURE001&{urlencode(query)}"
                sent.append(await house.replay(BATCH, path=path, body="\n".join(map(urlencode, lines)).encode()))
            assert all(answer.status < 500 for answer in sent), house.log
            assert "broke" not in house.log

    asyncio.run(post_all())
