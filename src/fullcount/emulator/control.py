"""The control plane under `/_emulator`, beside the imitated paths."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from fullcount.emulator.ads_control import ads_routes
from fullcount.emulator.answering import Endpoint, json_answer, page_of, read_json, telling
from fullcount.emulator.emulator import Emulator
from fullcount.emulator.faults import FaultScript
from fullcount.emulator.page import HEADERS, render_page
from fullcount.emulator.pixel_routes import pixel_routes
from fullcount.emulator.views import counted_event, logged_event, select
from fullcount.errors import FullcountError


class _ClockMove(msgspec.Struct, forbid_unknown_fields=True):
    advance_seconds: float | None = None
    now: float | None = None


class People(msgspec.Struct, forbid_unknown_fields=True):
    """Plain identifiers of people that a test made up."""

    emails: list[str] = []
    phones: list[str] = []
    external_ids: list[str] = []


class PixelCopy(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One browser copy, as a test or the demo sends it in."""

    pixel_code: str
    event: str
    event_id: str = ""
    event_time: int | None = None
    user: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    page: dict[str, Any] = {}


class Control:
    """The endpoints; each is one method."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def page(self, _request: Request) -> Response:
        """Test Events, for a person."""
        return HTMLResponse(render_page(self._emulator), headers=HEADERS)

    async def events(self, request: Request) -> Response:
        """What TikTok would count."""
        query = request.query_params
        filters = {name: query[name] for name in ("event", "event_id", "pixel_code") if name in query}
        found = select(self._emulator.book, **filters)
        events = [counted_event(one, one.pass_details()) for one in page_of(request, found)]
        return json_answer({"counted": len(found), "events": events})

    async def test_events(self, request: Request) -> Response:
        """What came under a test event code."""
        found = list(self._emulator.test_events)
        return json_answer({"taken": len(found), "events": [logged_event(one) for one in page_of(request, found)]})

    async def requests(self, request: Request) -> Response:
        """Every request as it came, in order; `?path=` selects by how the path begins."""
        beginning = request.query_params.get("path", "")
        kept = [one for one in self._emulator.requests if one.path.startswith(beginning)]
        return json_answer({"requests": [one.to_builtins() for one in page_of(request, kept)]})

    async def diagnostics(self, _request: Request) -> Response:
        """What Events Manager would complain about."""
        return json_answer({"diagnostics": self._emulator.diagnostics()})

    async def people(self, request: Request) -> Response:
        """Learn plain identifiers, to tell wrong hashes from right ones."""
        people = await read_json(request, People)
        self._emulator.know_people(**msgspec.structs.asdict(people))
        return json_answer({name: len(values) for name, values in msgspec.structs.asdict(people).items()})

    async def show_faults(self, _request: Request) -> Response:
        """The faults that are left."""
        return json_answer({"faults": self._emulator.waiting_faults()})

    async def add_faults(self, request: Request) -> Response:
        """Append faults."""
        script = await read_json(request, FaultScript)
        self._emulator.add_faults(*script.faults)
        return json_answer({"faults": self._emulator.waiting_faults()})

    async def clear_faults(self, _request: Request) -> Response:
        """Forget the faults that are left."""
        self._emulator.clear_faults()
        return json_answer({"faults": []})

    async def show_clock(self, _request: Request) -> Response:
        """The emulator's time."""
        clock = self._emulator.clock
        return json_answer({"now": clock.now(), "offset": clock.offset})

    async def move_clock(self, request: Request) -> Response:
        """Move the emulator's time."""
        move = await read_json(request, _ClockMove)
        if (move.advance_seconds is None) == (move.now is None):
            raise FullcountError('give either "advance_seconds" or "now"')
        if move.now is not None:
            self._emulator.clock.set_now(move.now)
        if move.advance_seconds is not None:
            self._emulator.clock.advance(move.advance_seconds)
        return await self.show_clock(request)

    async def reset(self, _request: Request) -> Response:
        """Forget everything."""
        self._emulator.reset()
        return json_answer({"reset": True})

    async def state(self, _request: Request) -> Response:
        """Counters."""
        return json_answer(self._emulator.state())

    async def pixel(self, request: Request) -> Response:
        """Take browser copies: a stand-in for the browser half."""
        plain = await read_json(request, dict[str, Any])
        copies = plain.get("events", [plain])
        try:
            read = msgspec.convert(copies, list[PixelCopy])
        except msgspec.ValidationError as error:
            raise FullcountError(str(error)) from error
        verdicts = [self._emulator.take_pixel_copy(**msgspec.structs.asdict(copy)) for copy in read]
        return json_answer({"verdicts": verdicts})


def control_app(emulator: Emulator) -> Starlette:
    """Return the application for everything but TikTok's own paths."""
    control = Control(emulator)
    table: list[tuple[str, str, Endpoint]] = [
        ("GET", "events", control.events),
        ("GET", "test-events", control.test_events),
        ("GET", "requests", control.requests),
        ("GET", "diagnostics", control.diagnostics),
        ("POST", "people", control.people),
        ("GET", "faults", control.show_faults),
        ("POST", "faults", control.add_faults),
        ("DELETE", "faults", control.clear_faults),
        ("GET", "clock", control.show_clock),
        ("POST", "clock", control.move_clock),
        ("POST", "reset", control.reset),
        ("GET", "state", control.state),
        ("POST", "pixel", control.pixel),
    ]
    routes = [Route(f"/_emulator/{path}", telling(call), methods=[method]) for method, path, call in table]
    return Starlette(routes=[Route("/", control.page), *routes, *ads_routes(emulator), *pixel_routes(emulator)])
