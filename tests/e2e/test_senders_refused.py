"""All eight senders against a gateway that cannot store, or dies before it answers: what they repeat counts once."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import aiohttp
import pytest
from tests.contract.senders.posting import EMAIL, SENDERS, Order, Post, post_of, table_of, webhook
from tests.e2e.harness import House, clock

from fullcount.demo.waiting import eventually

KEYS = {kind: f"test-key-of-the-{kind}-sender-01" for kind in SENDERS}
NUMBERS = dict(zip(SENDERS, range(1001, 1009), strict=True))
CHANGES = {"sources": [table_of(kind, key) for kind, key in KEYS.items()]}
REDACTED, KEPT = 5511009999001, 5511009999002  # numbers that nothing else in a store looks like
NO_ROOM = {"FULLCOUNT_STORAGE__MIN_FREE_DISK": str(10**18)}


def posts() -> dict[str, Post]:
    """Return one order of each sender, signed now."""
    now = clock.now()
    return {
        kind: post_of(kind, Order(str(number), now, f"request-{number}"), KEYS[kind])
        for kind, number in NUMBERS.items()
    }


async def post(house: House, sent: Post) -> int:
    """Make the request; return the answer's status, or 0 if none came."""
    try:
        async with house.http.post(house.gateway.url + sent.path, data=sent.body, headers=sent.headers) as answer:
            await answer.read()
            return answer.status
    except aiohttp.ClientError:
        return 0


async def is_alive(house: House) -> bool:
    """Return whether the gateway answers, able to store or not."""
    try:
        async with house.http.get(f"{house.gateway.url}/healthz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def start_paused(house: House) -> None:
    """Start the gateway and let nothing leave: what it commits from now on is what senders bring."""
    await house.start()
    await house.operator.run("queue", "pause", "store")


async def counted(house: House, ids: Iterable[int]) -> None:
    """Assert that TikTok counts exactly these orders, each once."""
    house.load.accepted = {str(number) for number in ids}
    await house.settled()
    await house.assert_each_counted_once()


async def test_what_a_full_disk_refused_is_counted_once(tmp_path: Path) -> None:
    """While there is no room every sender hears 503; repeated when there is, and once more, each order is one event."""
    async with House(tmp_path, CHANGES) as house:
        house.gateway.launch(NO_ROOM)
        await eventually(lambda: is_alive(house), "the gateway answers")
        repeated = posts()
        assert {kind: await post(house, sent) for kind, sent in repeated.items()} == dict.fromkeys(SENDERS, 503)
        house.gateway.kill()

        await house.start()
        for _ in range(2):
            heard = {kind: await post(house, sent) for kind, sent in repeated.items()}
            assert heard == {**dict.fromkeys(SENDERS, 200), "ga4": 204}
        await counted(house, NUMBERS.values())


@pytest.mark.crash
async def test_what_a_death_left_unanswered_is_counted_once(tmp_path: Path) -> None:
    """Killed between a commit and its answers: whoever heard nothing repeats, and each order is one event."""
    async with House(tmp_path, CHANGES) as house:
        await start_paused(house)
        house.gateway.kill()
        await house.start(FULLCOUNT_FAILPOINT="after_commit_before_answer")
        repeated = posts()
        assert 0 in await asyncio.gather(*(post(house, sent) for sent in repeated.values()))
        assert await house.gateway.ended() == -signal.SIGKILL

        await house.start()
        for sent in repeated.values():
            assert await post(house, sent) in {200, 204}
        await house.operator.run("queue", "resume", "store")
        await counted(house, NUMBERS.values())


def order_of(number: int, email: str) -> dict[str, object]:
    """Return what Shopify tells of a paid order."""
    content = {"id": number, "financial_status": "paid", "source_name": "web", "email": email}
    money = {"total_price": "36.00", "currency": "USD", "checkout_token": f"checkout-of-{number}"}
    visit = {"landing_site": f"/?ttclid=E.C.P.click-of-{number}", "refunds": [refund_of(number)]}
    return {**content, **money, **visit}


def refund_of(number: int) -> dict[str, object]:
    """Return what Shopify tells of a refund of that order."""
    paid_back = {"kind": "refund", "status": "success", "amount": "6.00", "currency": "USD"}
    return {"id": number + 1_000, "order_id": number, "transactions": [paid_back]}


def stored(file: Path) -> bytes:
    """Return every value of every table, as bytes."""
    with closing(sqlite3.connect(file)) as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in store.execute(f"SELECT * FROM {table}")]  # noqa: S608 - its own tables
    return b"\0".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)


@pytest.mark.crash
async def test_whoever_is_to_be_forgotten_is_though_the_gateway_dies_over_it(tmp_path: Path) -> None:
    """Killed after it stored that a customer is to be forgotten, and before it did: Shopify asks again, and it is done.

    In the queue, the ledger with its refund, and visitor memory nothing names that customer; another's order is sent.
    """
    key, email, other = KEYS["shopify"], EMAIL, "john@example.com"
    now = Order(str(REDACTED), clock.now(), "redact-1")
    erased = {"shop_domain": "test.example.com", "customer": {"email": email}, "orders_to_redact": [REDACTED]}
    redact = webhook("shopify", erased, now, key, "customers/redact")
    mine, others = sha256(email.encode()), sha256(other.encode())
    async with House(tmp_path, CHANGES) as house:
        await start_paused(house)
        for number, address in ((REDACTED, email), (KEPT, other)):
            order = Order(str(number), clock.now(), f"request-{number}")
            assert await post(house, webhook("shopify", order_of(number, address), order, key, "orders/paid")) == 200
        shown = await house.operator.run("queue", "show", str(REDACTED))
        assert "refunded" in str(shown)
        house.gateway.kill()
        before = stored(tmp_path / "fullcount.db")
        assert str(REDACTED).encode() in before
        assert mine.hexdigest().encode() in before or mine.digest() in before

        await house.start(FULLCOUNT_FAILPOINT="after_commit_before_answer")
        assert await post(house, redact) == 0
        assert await house.gateway.ended() == -signal.SIGKILL
        await house.start()
        assert await post(house, redact) == 200
        shown = await house.operator.run("queue", "show", str(REDACTED))
        house.gateway.kill()

        after = stored(tmp_path / "fullcount.db")
        for word in (str(REDACTED).encode(), mine.hexdigest().encode(), mine.digest(), f"click-of-{REDACTED}".encode()):
            assert word not in after
        assert [journey["state"] for journey in shown["journeys"]] == ["dead"]
        assert "refunded" not in str(shown)
        assert str(KEPT).encode() in after
        assert others.hexdigest().encode() in after or others.digest() in after

        await house.start()
        await house.operator.run("queue", "resume", "store")
        await counted(house, [KEPT])
