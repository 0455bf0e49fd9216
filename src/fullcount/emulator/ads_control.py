"""The control plane of the browser's half: ads, the population, the switches and the report."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fullcount.emulator.ads.population import PopulationPlan
from fullcount.emulator.answering import Endpoint, json_answer, page_of, read_json, telling
from fullcount.emulator.browser.switches import SwitchChanges
from fullcount.emulator.emulator import Emulator
from fullcount.errors import FullcountError


class View(msgspec.Struct, forbid_unknown_fields=True):
    """Who saw an ad."""

    user: str


class AdsControl:
    """The endpoints; each is one method."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def ad(self, request: Request) -> Response:
        """Click an ad: go where it leads, with a fresh click ID."""
        query = request.query_params
        if not query.get("to"):
            raise FullcountError("an ad leads somewhere: give ?to=URL, its & and # written as %26 and %23")
        landing = self._emulator.ads.click(query["to"], query.get("user", ""))
        return RedirectResponse(landing, 302, headers={"cache-control": "no-store"})

    async def views(self, request: Request) -> Response:
        """Let somebody see an ad."""
        self._emulator.ads.view((await read_json(request, View)).user)
        return json_answer({"views": self._emulator.ads.touches.views})

    async def population(self, request: Request) -> Response:
        """The people, and the plan by which they were made."""
        ads = self._emulator.ads
        users = [person.to_builtins() for person in page_of(request, ads.people())]
        return json_answer({**msgspec.to_builtins(ads.plan), "users": users})

    async def populate(self, request: Request) -> Response:
        """Let other people use TikTok."""
        ads = self._emulator.ads
        ads.populate(await read_json(request, PopulationPlan))
        return json_answer(msgspec.to_builtins(ads.plan))

    async def switches(self, _request: Request) -> Response:
        """How the pixel and the windows behave."""
        return json_answer(self._emulator.switches)

    async def switch(self, request: Request) -> Response:
        """Change that."""
        self._emulator.switch(await read_json(request, SwitchChanges))
        return json_answer(self._emulator.switches)

    async def report(self, request: Request) -> Response:
        """Counted, matched, attributed."""
        report = self._emulator.report()
        return json_answer({**report, "events": page_of(request, report["events"])})


def ads_routes(emulator: Emulator) -> list[Route]:
    """Return the routes under `/_emulator`."""
    control = AdsControl(emulator)
    table: list[tuple[str, str, Endpoint]] = [
        ("GET", "ad", control.ad),
        ("POST", "views", control.views),
        ("GET", "population", control.population),
        ("POST", "population", control.populate),
        ("GET", "switches", control.switches),
        ("POST", "switches", control.switch),
        ("GET", "report", control.report),
    ]
    return [Route(f"/_emulator/{path}", telling(call), methods=[method]) for method, path, call in table]
