"""Health, readiness, metrics, and a clear answer for every other path."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fullcount.clock import Clock
from fullcount.errors import FullcountError
from fullcount.gateway.metrics import Metrics
from fullcount.queue.protocol import Queue
from fullcount.sources.reply import Refusal, Reply, json_reply, refusal_reply


class Service:
    """What operators and their machines ask. `is_draining` turns readiness off while ingest still answers."""

    def __init__(self, queue: Queue, clock: Clock, metrics: Metrics) -> None:
        self._queue = queue
        self._clock = clock
        self._metrics = metrics
        self.is_draining = False

    def routes(self) -> list[Route]:
        """Return Starlette's routes."""
        return [
            Route("/healthz", self.healthz, methods=["GET"]),
            Route("/readyz", self.readyz, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
        ]

    async def healthz(self, _request: Request) -> Response:
        """Alive: the event loop answers."""
        return _response(json_reply(200, {"status": "alive"}))

    async def readyz(self, _request: Request) -> Response:
        """Able to store: asks the store, and says why it cannot."""
        if self.is_draining:
            return _response(json_reply(503, {"status": "draining", "reason": "the gateway is being stopped"}))
        try:
            # An accept of nothing takes the same way through the store as one of events.
            await self._queue.accept((), ())
        except FullcountError as error:
            return _response(json_reply(503, {"status": "cannot store", "reason": error.what, "fix": error.fix}))
        return _response(json_reply(200, {"status": "ready"}))

    async def metrics(self, _request: Request) -> Response:
        """Everything that is counted, for Prometheus; without the lanes if the store cannot be read."""
        try:
            lanes = await self._queue.lanes()
        except FullcountError:
            lanes = []
        text = self._metrics.expose(lanes, self._clock.now())
        return Response(text, media_type=CONTENT_TYPE_LATEST)


def wrong_turn(paths: Iterable[str]) -> Callable[[Request, Exception], Response]:
    """Return Starlette's handler for paths and methods that are not here; it names those that are."""
    known = ", ".join(sorted(paths))

    def handle(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 405:
            return _response(method_refused("GET"))
        return _response(refusal_reply(Refusal(status, "not_found", "there is no such path", f"use one of {known}")))

    return handle


def method_refused(allowed: str) -> Reply:
    """Return the answer to a method that a path does not take."""
    headers = ((b"allow", allowed.encode()),)
    return refusal_reply(
        Refusal(405, "method_not_allowed", "this path does not take that method", f"use {allowed}", headers=headers)
    )


def _response(reply: Reply) -> Response:
    headers = {name.decode(): value.decode() for name, value in reply.headers}
    return Response(reply.body, reply.status, headers, media_type="application/json")
