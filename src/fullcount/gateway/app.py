"""The HTTP service: ingest routes by a look into a dict, everything else through Starlette."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from fullcount.clock import Clock
from fullcount.config.rules import rules_of
from fullcount.config.settings import Settings
from fullcount.events.hashed import HashedEvent
from fullcount.gateway.body import BodyLimits
from fullcount.gateway.caller import Callers
from fullcount.gateway.doors import Doors, Listed
from fullcount.gateway.events_dialect import EventsDialect
from fullcount.gateway.ingest import Ingest, Route
from fullcount.gateway.keys import Keyring
from fullcount.gateway.observe import Watch
from fullcount.gateway.patience import Patience
from fullcount.gateway.reception import Reception
from fullcount.gateway.reply import Receive, Scope, Send, send_reply
from fullcount.gateway.service import Service, method_refused, wrong_turn
from fullcount.gateway.shedding import Shedding
from fullcount.gateway.tiktok_dialect import TikTokDialect
from fullcount.pipeline.pipeline import Pipeline
from fullcount.pipeline.terms import terms_of
from fullcount.queue.protocol import Queue
from fullcount.sources.json_events import JsonSource
from fullcount.sources.registry import OWN_KINDS, SENDERS
from fullcount.sources.source import Limits
from fullcount.sources.tiktok import TikTokSource
from fullcount.tiktok.mapping import encode_event
from fullcount.tiktok.wire import BODY_BYTES
from fullcount.visitors.visitors import Visitors

EVENTS_PATH = "/v1/events"
DROP_IN_PATHS = (
    "/open_api/v1.3/event/track/",
    "/open_api/v1.3/pixel/track/",
    "/open_api/v1.3/pixel/batch/",
)
HEAD_BYTES = 1_000  # of a request to TikTok without its events: codes of at most 128 characters, a partner's name
OwnRoutes = tuple[Ingest, Mapping[str, Route]]  # found by one look into a dict
SenderRoutes = tuple[Reception, Doors]


class Gateway:
    """The ASGI application."""

    def __init__(
        self, pipeline: Pipeline, own: OwnRoutes, senders: SenderRoutes, service: Service, rest: Starlette
    ) -> None:
        self.pipeline = pipeline  # the one way into the queue, for whatever else has events to bring
        self._ingest, self._routes = own
        self._reception, self._doors = senders
        self._service = service
        self._rest = rest

    def drain(self) -> None:
        """Turn readiness off, so that no new traffic is sent here; requests that come are still answered."""
        self._service.is_draining = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the server's life."""
        route = self._routes.get(scope["path"]) if scope["type"] == "http" else None
        if route is None:
            entrance = self._doors.find(scope["path"]) if scope["type"] == "http" else None
            if entrance is None:
                await self._rest(scope, receive, send)
            else:
                await self._reception.answer(entrance, scope, receive, send)
        elif scope["method"] == "POST":
            await self._ingest.answer(route, scope, receive, send)
        else:
            await send_reply(send, method_refused("POST"))


def create_app(
    settings: Settings,
    queue: Queue,
    clock: Clock,
    watch: Watch,
    visitors: Visitors | None = None,
) -> Gateway:
    """Return the gateway over a queue; `watch` hears of every request and of what was stored.

    Without `visitors` nothing is remembered of anybody.
    """
    server = settings.server
    terms = terms_of(settings, clock.now())
    pipeline = Pipeline(queue, clock, watch, _fits_one_request, visitors=visitors)
    patience = Patience(server.body_seconds)
    own = [source for source in settings.sources if source.kind in OWN_KINDS]
    ingest = Ingest(Keyring(own, terms), pipeline, BodyLimits(server.max_body_bytes, patience), watch)
    routes = _ingest_routes(Limits(server.max_events, server.max_depth, server.max_string), clock)
    listed = {
        source.name: (source.kind, Listed(rules_of(source, settings), terms[source.name]))
        for source in settings.sources
    }
    doors = Doors(SENDERS.values(), listed, settings.browser.prefix)
    reception = Reception(
        pipeline,
        BodyLimits(server.max_webhook_bytes, patience, is_json_only=False),
        (Callers(server.trusted_proxies), Shedding(settings.browser, clock.now())),
        clock,
        watch,
    )
    service = Service(queue, clock, watch.metrics)
    known = (EVENTS_PATH, *DROP_IN_PATHS, *doors.paths(), *(route.path for route in service.routes()))
    rest = Starlette(routes=service.routes(), exception_handlers={HTTPException: wrong_turn(known)})
    return Gateway(pipeline, (ingest, routes), (reception, doors), service, rest)


def _fits_one_request(event: HashedEvent) -> bool:
    return len(encode_event(event)) <= BODY_BYTES - HEAD_BYTES


def _ingest_routes(limits: Limits, clock: Clock) -> dict[str, Route]:
    """Return the ingest routes by path, each with and without its last slash."""
    events = Route(EVENTS_PATH, EventsDialect(), JsonSource(limits))
    routes = {EVENTS_PATH: events, f"{EVENTS_PATH}/": events}
    for path in DROP_IN_PATHS:
        route = Route(path, TikTokDialect(clock), TikTokSource(limits))
        routes |= {path: route, path.rstrip("/"): route}
    return routes
