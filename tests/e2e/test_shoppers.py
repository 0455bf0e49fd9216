"""Three hundred shoppers: what TikTok counts of them where some block the pixel, and where ids are not shared."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.e2e.harness import House
from tests.e2e.shoppers import HOLD_SECONDS, Mall, PixelId, Shopper, changes, shoppers

from fullcount.demo.waiting import eventually

COUNT = 300
BLOCKED_SHARE = 0.3


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[House]:
    """An emulator, and a gateway whose pixel has both halves."""
    async with House(tmp_path, changes()) as house:
        yield house


async def over(house: House, mall: Mall, count: int) -> None:
    """Let every hold be over, and wait until TikTok counts so many and the gateway has nothing left to send."""
    await mall.pass_time(HOLD_SECONDS)
    await house.operator.until_quiet()
    await eventually_counted(house, count)


async def eventually_counted(house: House, count: int) -> None:
    """Wait until TikTok counts at least so many."""

    async def are_counted() -> bool:
        return await house.control.counted() >= count

    await eventually(are_counted, f"{count} are counted")


async def test_a_blocked_pixel_costs_nobody(shop: House) -> None:
    """Of 300 shoppers every one counts once, though the pixel is blocked for a random 30 % of them.

    Page and webhook come in any order, up to two minutes apart, some within the hold and some not. Each order goes to
    TikTok by server once, and carries the click that the landing page told.
    """
    rng = random.Random(20261123)
    people = shoppers(COUNT, rng, blocked_share=BLOCKED_SHARE, pixel_ids=[PixelId.SHARED])
    mall = Mall(shop, shop.http)
    await mall.open()
    await mall.play(list(mall.visits(people, rng)))
    await over(shop, mall, COUNT)
    counted = {one["event_id"]: one for one in await shop.control.events()}
    assert len(counted) == await shop.control.counted() == COUNT
    assert {
        shopper.event_id: (["server"] if shopper.is_pixel_blocked else ["pixel", "server"], shopper.click_id)
        for shopper in people
    } == {event_id: (sorted(one["channels"]), one["user"]["ttclid"]) for event_id, one in counted.items()}
    assert await shop.wire_copies() == 0
    ended = await shop.outcomes()
    assert ended["delivered"] == COUNT
    assert 0 < ended["merged"] < COUNT
    paired = await shop.operator.run("pairs", "--event", "Purchase")
    (total,) = paired["totals"]
    blocked = sum(shopper.is_pixel_blocked for shopper in people)
    assert (total["both"], total["server_only"], total["browser_only"]) == (COUNT - blocked, blocked, 0)
    assert (total["counted"], total["too_many"], paired["counts_double"]) == (COUNT, 0, False)


async def test_without_a_shared_id_purchases_count_twice_and_pairs_says_why(shop: House) -> None:
    """With the snippet's event_id switched off whatever the pixel sends counts beside the server's, and pairs tells it.

    Half of the pixels send no id and half one of their own. The prediction is what the emulator counts.
    """
    rng = random.Random(20261124)
    people = shoppers(COUNT, rng, blocked_share=BLOCKED_SHARE, pixel_ids=[PixelId.NONE, PixelId.OWN])
    mall = Mall(shop, shop.http)
    await mall.open()
    await mall.play(list(mall.visits(people, rng)))
    sent = Counter(shopper.pixel_id for shopper in people if not shopper.is_pixel_blocked)
    assert min(sent[PixelId.NONE], sent[PixelId.OWN]) > 0
    await over(shop, mall, COUNT + sent.total())
    assert await shop.control.counted() == COUNT + sent.total()
    paired = await shop.operator.run("pairs", "--event", "Purchase", statuses=(1,))
    assert paired["counts_double"] is True
    (total,) = paired["totals"]
    assert (total["counted"], total["too_many"], total["happened"]) == (COUNT + sent.total(), sent.total(), COUNT)
    why = {finding["code"]: finding for finding in paired["findings"]}
    assert why.keys() == {"without_id", "ids_differ"}
    assert why["without_id"]["count"] == sent[PixelId.NONE]
    assert "without an event_id" in why["without_id"]["said"]
    assert "event_id: ORDER_ID" in why["without_id"]["fix"]
    assert why["ids_differ"]["count"] == sent[PixelId.OWN]
    assert "under different ids" in why["ids_differ"]["said"]


async def test_a_half_alone_waits_for_as_long_as_is_set(tmp_path: Path) -> None:
    """A half whose hold is over leaves alone; one that came later is held still; one that met its other left at once.

    It makes no difference which half it is, and a half that comes after that counts nothing again.
    """
    hold_seconds = 240.0  # far more than the test takes, so that only the moved time ends it
    people = shoppers(6, random.Random(3), blocked_share=1.0, pixel_ids=[PixelId.SHARED])
    page, server, late_page, late_server, both, other_way = people
    async with House(tmp_path, changes(hold_seconds)) as shop:
        mall = Mall(shop, shop.http)
        await mall.open()
        await mall.tell_purchase(page)
        await mall.send_webhook(server)
        await mall.tell_purchase(both)
        await mall.send_webhook(both)
        await mall.send_webhook(other_way)
        await mall.tell_purchase(other_way)
        await eventually_counted(shop, 2)
        assert await ids(shop) == ids_of(both, other_way)

        await mall.pass_time(hold_seconds - 1)
        await eventually_oldest(shop, hold_seconds - 1)
        await mall.tell_purchase(late_page)
        await mall.send_webhook(late_server)
        await mall.pass_time(1)
        await eventually_counted(shop, 4)
        assert await ids(shop) == ids_of(both, other_way, page, server)
        assert await shop.operator.waiting() == 2

        await mall.send_webhook(page)
        await mall.tell_purchase(server)
        await mall.pass_time(hold_seconds)
        await shop.operator.until_quiet()
        await eventually_counted(shop, 6)
        assert await ids(shop) == ids_of(*people)
        assert await shop.control.counted() == 6


async def eventually_oldest(house: House, seconds: float) -> None:
    """Wait until what has waited longest has done so for at least so long, in the gateway's time."""

    async def is_as_old() -> bool:
        async with house.http.get(f"{house.gateway.url}/metrics") as answer:
            text = await answer.text()
        ages = [
            sample.value
            for family in text_string_to_metric_families(text)
            if family.name == "fullcount_queue_oldest_seconds"
            for sample in family.samples
        ]
        return max(ages, default=0.0) >= seconds

    await eventually(is_as_old, f"something has waited for {seconds:g} s")


async def ids(house: House) -> set[str]:
    """Return the ids that TikTok counts."""
    return {one["event_id"] for one in await house.control.events()}


def ids_of(*people: Shopper) -> set[str]:
    """Return the ids of these shoppers' orders."""
    return {shopper.event_id for shopper in people}
