"""A caller of the emulator for tests: bare HTTP, with no knowledge of any client of ours."""

from __future__ import annotations

import io
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from fullcount.clock import Clock, ManualClock
from fullcount.emulator.settings import EmulatorSettings
from fullcount.testing.emulator import DEFAULT_PIXEL, DEFAULT_TOKEN, RunningEmulator, running_emulator

NOW = 1_795_000_000
TRACK = "/open_api/v1.3/event/track/"
PIXEL_TRACK = "/open_api/v1.3/pixel/track/"
PIXEL_BATCH = "/open_api/v1.3/pixel/batch/"
EMAIL_HASH = "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f"


def purchase(**changes: Any) -> dict[str, Any]:
    """Return one flawless purchase, with `changes` in its top level."""
    return {
        "event": "Purchase",
        "event_time": NOW - 60,
        "event_id": "order-1",
        "user": {
            "email": EMAIL_HASH,
            "ttclid": "E.C.P.x",
            "ttp": "2F7h37YkS1j57AYSKTI7IHhJPYH",
            "ip": "8.8.8.8",
            "user_agent": "UA",
        },
        "page": {"url": "https://shop.example.com/thanks?ttclid=E.C.P.x"},
        "properties": {
            "currency": "USD",
            "value": 20.0,
            "order_id": "1",
            "content_type": "product",
            "contents": [{"content_id": "SKU-1", "price": 10.0, "quantity": 2}],
        },
        **changes,
    }


def body_of(*events: Any, **changes: Any) -> dict[str, Any]:
    """Return a 2.0 body with these events."""
    return {"event_source": "web", "event_source_id": DEFAULT_PIXEL, "data": list(events), **changes}


class Caller:
    """An emulator that runs for the length of an `async with` block, and calls to it."""

    def __init__(self, clock: Clock | None = None, **settings: Any) -> None:
        self._running: RunningEmulator = running_emulator(
            {DEFAULT_PIXEL: DEFAULT_TOKEN, "COTHER00PIXEL0000002": "other-test-token"},
            clock=clock or ManualClock(NOW),
            settings=EmulatorSettings(**settings),
        )
        self.emulator = self._running.emulator
        self.session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        await self._running.__aenter__()
        self.session = aiohttp.ClientSession(self._running.base_url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.close()
        await self._running.__aexit__(kind, error, trace)

    async def post(
        self, body: Any, path: str = TRACK, *, token: str | None = DEFAULT_TOKEN, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Post a body (bytes go as they are); return the HTTP status and the answer, JSON or text."""
        lines = {"Content-Type": "application/json", **(headers or {})}
        if token is not None:
            lines["Access-Token"] = token
        data = io.BytesIO(body if isinstance(body, bytes) else msgspec.json.encode(body))
        async with self.session.post(path, data=data, headers=lines) as answer:
            text = await answer.read()
            return answer.status, msgspec.json.decode(text) if text.startswith(b"{") else text.decode()

    async def control(self, path: str, body: Any = None, *, method: str = "") -> Any:
        """Call the control plane: GET without a body, POST with one."""
        method = method or ("GET" if body is None else "POST")
        async with self.session.request(method, f"/_emulator/{path}", json=body) as answer:
            return {"http": answer.status, **await answer.json()}
