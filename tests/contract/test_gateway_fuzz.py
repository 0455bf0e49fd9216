"""Whatever is sent to an ingest route: no 5xx, a JSON answer, and each event that it names taken is in the queue."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.gateway_house import CODE, KEY, NOW, SETTINGS, purchase

from fullcount.clock import ManualClock
from fullcount.gateway.app import create_app
from fullcount.gateway.logs import make_logger
from fullcount.gateway.metrics import Metrics
from fullcount.gateway.observe import Watch
from fullcount.queue.memory import MemoryQueue

WEIRD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["(null)", "undefined", "NaN", "89.99", "jane@example.com", "__CLICKID__", 1e308, -1, 10**30])
)
JSON = st.recursive(WEIRD, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner))
KEYS = sorted({*purchase(), *purchase()["user"], *purchase()["properties"], "consent", "pixel", "ttclid", "context"})


@st.composite
def events(draw: st.DrawFn) -> object:
    """A right purchase with some of its parts replaced by anything, or anything."""
    if draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    event = purchase(event_id=draw(st.sampled_from(["order-1", "order-2", "order-3"]) | WEIRD))
    parts = [event, event["user"], event["properties"], event["properties"]["contents"][0], event["page"]]
    for _ in range(draw(st.integers(0, 3))):
        part = draw(st.sampled_from(parts))
        part[draw(st.sampled_from(sorted(part)) | st.sampled_from(KEYS) | st.text(max_size=6))] = draw(JSON)
    return event


ENVELOPES = st.one_of(
    st.lists(events(), max_size=5).map(lambda each: {"events": each}),
    st.lists(events(), max_size=5).map(lambda each: {"event_source_id": CODE, "data": each}),
    st.lists(events(), max_size=5).map(lambda each: {"pixel_code": CODE, "batch": each}),
    events(),
    JSON,
)
BODIES = ENVELOPES.map(lambda body: json.dumps(body).encode()) | st.binary(max_size=60)


class Door:
    """The gateway called in-process, without a server between."""

    def __init__(self) -> None:
        clock = ManualClock(NOW)
        self.log = io.StringIO()
        self.queue = MemoryQueue(clock)
        self.gateway = create_app(
            SETTINGS, self.queue, clock, Watch(make_logger(SETTINGS.log, clock, self.log), Metrics(), clock, {})
        )

    async def post(self, path: str, body: bytes, headers: dict[bytes, bytes]) -> tuple[int, Any]:
        """Make one request; return status and JSON."""
        pieces = [body[:10], body[10:]]
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": path, "headers": list(headers.items())}
        await self.gateway(scope, receive, send)
        return sent[0]["status"], json.loads(sent[1]["body"])


@given(body=BODIES, is_packed=st.booleans())
def test_our_route_never_breaks_and_never_loses(body: bytes, *, is_packed: bool) -> None:
    """`POST /v1/events` answers below 500; its counts add up to its events, and to what the queue has."""
    door = Door()
    headers = {b"authorization": f"Bearer {KEY}".encode()} | ({b"content-encoding": b"gzip"} if is_packed else {})
    status, answer = asyncio.run(door.post("/v1/events", gzip.compress(body) if is_packed else body, headers))

    assert status < 500, door.log.getvalue()
    if "results" in answer:
        results = answer["results"]
        counts = [answer["accepted"], answer["duplicates"], answer["merged"], answer["withheld"]]
        assert sum(counts) + len(answer["rejected"]) == len(results) == len(answer["event_ids"])
        assert door.queue.counts["accepted"] == answer["accepted"]
        assert len(door.queue.facts) == len(results) - answer["accepted"]
        assert all(
            (each is None) == (result == "rejected") for each, result in zip(answer["event_ids"], results, strict=True)
        )
    else:
        assert answer["error"]["reason"]
        assert not door.queue.counts


@pytest.mark.parametrize("path", ["event/track/", "pixel/track/", "pixel/batch/"])
@given(body=BODIES)
def test_the_drop_in_never_breaks_and_never_loses(path: str, body: bytes) -> None:
    """TikTok's routes answer below 500 with its envelope; 0 means that every event is stored or recorded."""
    door = Door()
    status, answer = asyncio.run(door.post(f"/open_api/v1.3/{path}", body, {b"access-token": KEY.encode()}))

    assert status < 500, door.log.getvalue()
    assert answer["code"] in {0, 20001, 40001, 40002}
    assert answer["request_id"]
    stored = door.queue.counts["accepted"] + len(door.queue.facts)
    assert bool(stored) >= (answer["code"] in {0, 20001})
    if answer["code"] == 20001:
        assert answer["data"]["rejected"]
