"""Meta's own libraries, unchanged but for the address of the Graph API, against the gateway."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from facebook_business import FacebookAdsApi
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.content import Content
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession
from tests.contract.senders.house import KEY, SenderHouse, house_of
from tests.contract.senders.node_child import run_node
from tests.unit.sources.fixtures import NOW
from tests.unit.sources.meta.posting import hashed

CAPI = {"kind": "meta"}
DATASET = "123456789"


def purchase() -> Event:
    """Return a purchase as the library's own examples make one."""
    user = UserData(
        emails=["Jane@Example.com"],
        phones=["12125550142"],
        first_name="Jane",
        country_code="US",
        external_id="u-1",
        client_ip_address="192.0.2.44",
        client_user_agent="Test/1.0",
        fbp="fb.1.1795160000000.123",
    )
    custom = CustomData(
        contents=[Content(product_id="811", quantity=2, item_price=18)], currency="usd", value=36.0, order_id="1001"
    )
    return Event(
        event_name="Purchase",
        event_time=int(NOW) - 60,
        event_id="M-1",
        event_source_url="https://shop.example.com/thanks?ttclid=E.C.P.clicked0001",
        action_source=ActionSource.WEBSITE,
        user_data=user,
        custom_data=custom,
    )


class Library:
    """facebook_business with its Graph address set to the gateway's."""

    def __init__(self, house: SenderHouse, monkeypatch: pytest.MonkeyPatch, token: str = KEY) -> None:
        monkeypatch.setattr(FacebookSession, "GRAPH", house.url)
        self.api = FacebookAdsApi.init(access_token=token, crash_log=False)

    async def send(self, **more: Any) -> Any:
        """Send one purchase, and close the library's connections."""
        try:
            return await asyncio.to_thread(EventRequest(pixel_id=DATASET, events=[purchase()], **more).execute)
        finally:
            self.api._session.requests.close()


async def test_the_python_library_sends_a_purchase(monkeypatch: pytest.MonkeyPatch) -> None:
    """It arrives once, hashed as the library hashed it, without what cannot match, and the library is content."""
    async with house_of(CAPI) as house:
        answer = await Library(house, monkeypatch).send()
        assert answer.events_received == 1
        assert answer.fbtrace_id
        assert any("without their plus" in message for message in answer.messages)
        await Library(house, monkeypatch).send()
        (event,) = await house.arrived()
        assert (event.event, event.event_id) == ("CompletePayment", "M-1")
        assert (event.user.email, event.user.external_id) == (hashed("jane@example.com"), hashed("u-1"))
        assert (event.user.phone, event.user.country, event.user.ttclid) == (None, None, "E.C.P.clicked0001")
        assert (event.properties.value, event.properties.currency) == (36.0, "USD")
        assert [(item.content_id, item.price, item.quantity) for item in event.properties.contents] == [("811", 18, 2)]


async def test_the_python_library_sends_test_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its test_event_code is the event's lane."""
    async with house_of(CAPI) as house:
        await Library(house, monkeypatch).send(test_event_code="TEST123")
        assert [lane.test_event_code for lane, _ in await house.house.deliveries()] == ["TEST123"]


async def test_the_python_library_understands_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that cannot take it now is transient, and the repetition counts once; a wrong token is code 190."""
    async with house_of(CAPI) as house:
        house.queue.refusals = 1
        with pytest.raises(FacebookRequestError) as later:
            await Library(house, monkeypatch).send()
        assert (later.value.http_status(), later.value.api_transient_error()) == (503, True)
        assert (await Library(house, monkeypatch).send()).events_received == 1
        with pytest.raises(FacebookRequestError) as wrong:
            await Library(house, monkeypatch, token="test-stranger").send()
        assert (wrong.value.http_status(), wrong.value.api_error_code()) == (401, 190)
        assert wrong.value.api_transient_error() is False
        assert len(await house.arrived()) == 1


async def test_the_node_library_sends_a_purchase() -> None:
    """facebook-nodejs-business-sdk: JSON with nulls, the token twice; it arrives, and the library is content."""
    async with house_of(CAPI) as house:
        given = {"graph": house.url, "datasetId": DATASET, "eventTime": int(NOW) - 60}
        said = await run_node("facebook.mjs", token=KEY, **given)
        assert said["received"] == 1
        assert said["trace"]
        (event,) = await house.arrived()
        assert (event.event_id, event.user.email) == ("M-node", hashed("jane@example.com"))
        assert event.properties.value == 36
        assert await run_node("facebook.mjs", token="test-stranger", **given) == {"status": 401, "code": 190}
