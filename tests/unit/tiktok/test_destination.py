"""One request for a batch: address, header, body, and what a loss means."""

from __future__ import annotations

import pytest

from fullcount.clock import ManualClock
from fullcount.config.settings import Pixel, TikTok
from fullcount.delivery.destination import Answer, Kind
from fullcount.events.model import EventSource
from fullcount.queue.lane import Lane
from fullcount.testing.transport import ScriptedTransport
from fullcount.tiktok.destination import TikTokDestination
from fullcount.tiktok.transport import HttpAnswer, TransportLost
from fullcount.tiktok.wire import BODY_BYTES

STORE = Lane("CEXAMPLE0PIXEL000001")
PIXELS = (
    Pixel(name="store", code="CEXAMPLE0PIXEL000001", access_token="test-one"),
    Pixel(name="outlet", code="CEXAMPLE0PIXEL000002", access_token="test-one"),
    Pixel(name="abroad", code="CEXAMPLE0PIXEL000003", access_token="test-two"),
)


def destination(transport: ScriptedTransport, **settings: str) -> TikTokDestination:
    """Return TikTok at the far end of a scripted transport."""
    tiktok = TikTok(base_url="http://127.0.0.1:8090/", **settings)  # type: ignore[arg-type]  # texts by name
    return TikTokDestination(tiktok, PIXELS, transport, ManualClock())


async def test_a_batch_is_one_post_under_the_pixels_token() -> None:
    """The 2.0 path with its last slash, the token in its header, the events in their order."""
    transport = ScriptedTransport()
    answer = await destination(transport).send(STORE, [b'{"event_id":"1"}', b'{"event_id":"2"}'])

    assert (answer.kind, answer.code) == (Kind.TAKEN, 0)
    (request,) = transport.requests
    assert request.url == "http://127.0.0.1:8090/open_api/v1.3/event/track/"
    assert request.headers == {"Access-Token": "test-one", "Content-Type": "application/json"}
    assert request.json() == {
        "event_source": "web",
        "event_source_id": "CEXAMPLE0PIXEL000001",
        "partner_name": "Fullcount",
        "data": [{"event_id": "1"}, {"event_id": "2"}],
    }


async def test_source_and_test_code_stand_on_top() -> None:
    """The lane's source and test code belong to the request, not to an event."""
    transport = ScriptedTransport()
    lane = Lane("CEXAMPLE0PIXEL000003", EventSource.OFFLINE, "TEST12345")
    await destination(transport, partner_name="").send(lane, [b"{}"])
    assert transport.requests[0].json() == {
        "event_source": "offline",
        "event_source_id": "CEXAMPLE0PIXEL000003",
        "test_event_code": "TEST12345",
        "data": [{}],
    }


@pytest.mark.parametrize("lane", [STORE, Lane("CEXAMPLE0PIXEL000001", EventSource.CRM, "TEST12345")])
async def test_the_room_is_what_one_megabyte_leaves(lane: Lane) -> None:
    """Events that fill the room to the byte make a body of exactly the limit."""
    transport = ScriptedTransport()
    tiktok = destination(transport)
    await tiktok.send(lane, [b'"' + b"x" * (tiktok.room(lane) - 2) + b'"'])
    assert len(transport.requests[0].body) == BODY_BYTES


@pytest.mark.parametrize(("may_have_arrived", "kind"), [(True, Kind.LOST), (False, Kind.UNAVAILABLE)])
async def test_a_loss_counts_as_maybe_taken_unless_nothing_left(*, may_have_arrived: bool, kind: Kind) -> None:
    """A request that never left took nothing; any other without an answer may have."""
    lost = TransportLost("no answer", may_have_arrived=may_have_arrived)
    assert await destination(ScriptedTransport(lost)).send(STORE, [b"{}"]) == Answer(kind, message="no answer")


async def test_a_pixel_that_is_not_in_the_settings_is_not_allowed() -> None:
    """Nothing is posted for it; the lane is to be paused, and the reason says what to do."""
    transport = ScriptedTransport()
    answer = await destination(transport).send(Lane("CEXAMPLE0PIXEL000009"), [b"{}"])
    assert answer.kind is Kind.NOT_ALLOWED
    assert "CEXAMPLE0PIXEL000009" in answer.message
    assert answer.fix
    assert transport.requests == []


async def test_a_bad_index_beyond_the_batch_names_nobody() -> None:
    """An index that this batch does not have is not believed."""
    body = b'{"code":40002,"message":"Invalid value for data.5.event_id","request_id":"1"}'
    answer = await destination(ScriptedTransport(HttpAnswer(200, body))).send(STORE, [b"{}", b"{}"])
    assert (answer.kind, answer.bad) == (Kind.INVALID, {})


def test_tokens_have_names_and_are_never_shown() -> None:
    """Pixels with the same token share its name; neither name nor repr holds the token."""
    tiktok = destination(ScriptedTransport())
    names = [tiktok.token_name(Lane(pixel.code)) for pixel in PIXELS]
    assert names == ["access_token of pixel store", "access_token of pixel store", "access_token of pixel abroad"]
    assert tiktok.token_name(Lane("CEXAMPLE0PIXEL000009")) == "access_token of pixel code CEXAMPLE0PIXEL000009"
    assert "test-one" not in repr(tiktok)


async def test_closing_closes_the_transport() -> None:
    """The destination owns its transport."""
    transport = ScriptedTransport()
    await destination(transport).close()
    assert transport.is_closed
