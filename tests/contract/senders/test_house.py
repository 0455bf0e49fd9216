"""The house that the contract tests of all senders share."""

from __future__ import annotations

from tests.contract.senders.house import house_of, settings_of
from tests.unit.sources.fixtures import NOW, fixture

ORDER = fixture("woocommerce/order_updated_processing.json")


async def test_a_recorded_request_is_answered_and_arrives() -> None:
    """A fixture goes through the gateway as it stands, and its event waits for TikTok once."""
    async with house_of({"kind": "woocommerce", "key": ORDER.secret}) as house:
        answer = await house.replay(ORDER)
        assert answer.status == 200
        assert [event.event_id for event in await house.arrived()] == ["1501"]
        assert await house.arrived() == []
        assert house.house.clock.now() == NOW


async def test_the_store_can_be_made_to_refuse_for_a_while() -> None:
    """A refusal is 503 with a time to come again, nothing is stored of it, and the repetition is taken."""
    async with house_of({"kind": "woocommerce", "key": ORDER.secret}) as house:
        house.queue.refusals = 1
        refused = await house.replay(ORDER)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert await house.arrived() == []
        assert (await house.replay(ORDER)).status == 200
        assert len(await house.arrived()) == 1


async def test_bytes_can_be_sent_as_they_stand() -> None:
    """A raw connection hears the gateway's own bytes."""
    async with house_of({"kind": "json"}) as house:
        heard = await house.talk(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert heard.startswith(b"HTTP/1.1 200 OK\r\n")
        assert heard.endswith(b'{"status":"alive"}')


def test_a_table_says_only_what_differs() -> None:
    """What a table leaves out is that of a source named shop that vouches for consent."""
    (source,) = settings_of({"kind": "json"}).sources
    assert (source.name, source.pixels, source.consent.value) == ("shop", ("store",), "sender_vouches")
