"""A shop where a grant is needed, over real HTTP: the webhook is there before the page's answer, or without one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.contract.gateway_house import CODE
from tests.contract.senders.house import SenderHouse, house_of
from tests.contract.senders.test_browser import TTP, bought, post, released, webhook
from tests.unit.sources.browser.pages import CLICK, KEY, VISITOR, beacon
from tests.unit.sources.fixtures import NOW
from tests.unit.sources.shopify.shop import SECRET

from fullcount.queue.outcomes import Outcome

PIXEL = {"name": "store", "code": CODE, "access_token": "test-token-1", "browser": "snippet", "hold_seconds": 20.0}
BY_REGION = {"default_country": "DE", "consent": "by_region"}
PAGES = {"name": "web", "kind": "browser", "key": KEY, **BY_REGION}
SHOP = {"name": "shop", "kind": "shopify", "key": SECRET, **BY_REGION}
GERMAN: dict[str, Any] = {
    "customer": None,
    "billing_address": {"country_code": "DE"},
    "shipping_address": {"country_code": "DE"},
    "note_attributes": [],
}


@asynccontextmanager
async def shop(**changes: Any) -> AsyncIterator[SenderHouse]:
    """Serve a gateway for a German shop with the snippet."""
    async with house_of(PAGES, SHOP, pixels=[PIXEL | changes], remembers=True) as house:
        yield house


def withheld(house: SenderHouse) -> list[str]:
    """Return why events were withheld, in order."""
    return [fact.reason.value for fact in house.queue.facts if fact.outcome is Outcome.WITHHELD]


async def test_the_pages_answer_lets_the_webhook_go() -> None:
    """The webhook waits without an answer; the thank-you page brings the grant, and both leave as one."""
    async with shop() as house:
        assert (await webhook(house, **GERMAN)).status == 200
        assert await house.arrived() == []
        page = beacon(events=[bought()], consent="granted", ttclid=CLICK, ttp=TTP)
        assert (await post(house, page)).status == 204
        (sent,) = await house.arrived()
        assert (sent.half.value, sent.properties.value, sent.user.ttclid) == ("server", 72.4, CLICK)
        assert (await released(house), withheld(house)) == ([], [])


async def test_the_pages_refusal_ends_the_webhook() -> None:
    """Both are withheld for it, and the order's later webhooks, too."""
    async with shop() as house:
        await webhook(house, **GERMAN)
        await post(house, beacon(events=[bought()], consent="denied"))
        await webhook(house, **GERMAN)
        assert (await released(house), withheld(house)) == ([], ["consent_denied"] * 3)


async def test_without_an_answer_the_webhook_is_withheld() -> None:
    """When its time is over; a page that comes later with a grant is still counted, by itself."""
    async with shop() as house:
        await webhook(house, **GERMAN)
        assert (await released(house), withheld(house)) == ([], ["consent_unknown"])
        await post(house, beacon(events=[bought()], consent="granted"))
        assert [each.half.value for each in await released(house)] == ["browser"]


@pytest.mark.parametrize("setting", ["send", "withhold"])
async def test_a_purchase_that_the_shop_does_not_tell_of_goes_or_not_by_the_setting(setting: str) -> None:
    """Sent it is counted as one without its server half; withheld it makes room for the shop's own word."""
    async with shop(server_half_missing=setting) as house:
        await post(house, beacon(events=[bought()], consent="granted"))
        left = [each.half.value for each in await released(house)]
        assert left == (["browser"] if setting == "send" else [])
        assert withheld(house) == ([] if setting == "send" else ["no_shared_event_id"])
        assert house.queue.counts["server_half_missing"] == (1 if setting == "send" else 0)


async def test_where_the_pixel_was_blocked_the_page_waits_longer_for_the_shop() -> None:
    """A webhook of minutes later still joins."""
    async with shop(hold_blocked_seconds=900.0) as house:
        blocked = beacon(events=[bought()], consent="granted", ttclid=CLICK, pixel={"state": "blocked"})
        await post(house, blocked)
        assert await released(house) == []
        house.house.clock.advance(600)
        await house.queue.release_held()
        await webhook(house, **GERMAN)
        (sent,) = await house.arrived()
        assert (sent.half.value, sent.user.ttclid) == ("server", CLICK)


async def test_who_withdraws_is_dropped_and_forgotten() -> None:
    """What waits of the visitor is withheld, and memory keeps nothing but the refusal."""
    async with shop() as house:
        await post(house, beacon(events=[bought("1001")], consent="granted", ttclid=CLICK, ttp=TTP))
        told = beacon(events=[], consent="denied", consent_at=NOW * 1000)
        assert (await post(house, told, cookie=f"_fc={VISITOR}")).status == 204
        assert (await released(house), withheld(house)) == ([], ["consent_denied"])
