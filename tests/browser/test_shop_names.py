"""CompletePayment and Purchase: how the gateway is told to spell it, and what the pixel makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.browser.loop import browser_fixture
from tests.browser.shopper import Shopper
from tests.browser.street import Street

TWO_NAMES = "One event under two names"


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["CompletePayment", "Purchase"])
async def purchase_name(built_street: Street, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The pixel's `purchase_name` in the gateway's settings, which snippet and server go by."""
    name: str = request.param
    if name != "CompletePayment":
        await built_street.restart_gateway(purchase_name=name)
    yield name
    if name != "CompletePayment":
        await built_street.restart_gateway()


@browser_fixture
async def settled(street: Street) -> AsyncIterator[Street]:
    """The street, with TikTok's switches put back afterwards."""
    yield street
    await street.switch_tiktok(rename_events=True)


@pytest.mark.parametrize("renames", [True, False], ids=["renaming", "plain"])
async def test_both_halves_meet_under_one_name(
    purchase_name: str, settled: Street, shopper: Shopper, *, renames: bool
) -> None:
    """One order counts once, but where the settings say Purchase and the pixel makes CompletePayment of it: then twice.

    TikTok says of those two that one event came under two names, and so does `fullcount pairs`, with the fix.
    """
    before = await settled.complaints(TWO_NAMES)
    await settled.switch_tiktok(rename_events=renames)
    event_id = await shopper.buy()
    await shopper.leave()
    await settled.nothing_under_way()
    bought = await settled.events(event_id=event_id)
    ways = sorted((one["event"], *sorted(one["channels"])) for one in bought)
    if purchase_name == "Purchase" and renames:
        assert ways == [("CompletePayment", "pixel"), ("Purchase", "server")]
        assert await settled.complaints(TWO_NAMES) == before + 1
        finding = (await settled.pair_findings())["names_differ"]
        assert finding["examples"] == [event_id]
        assert 'purchase_name = "CompletePayment"' in finding["fix"]
    else:
        assert ways == [(purchase_name, "pixel", "server")]
        assert await settled.complaints(TWO_NAMES) == before
