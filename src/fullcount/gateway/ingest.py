"""What every ingest route does: authenticate, read, store, answer. Plain ASGI, nothing between it and the server."""

from __future__ import annotations

from typing import Protocol

import msgspec

from fullcount.errors import InvalidEvent, StoreCorrupt, StoreUnavailable
from fullcount.gateway.body import BodyLimits, read_body
from fullcount.gateway.dialect import Dialect
from fullcount.gateway.keys import Keyring
from fullcount.gateway.reply import Receive, Scope, Send, send_reply
from fullcount.pipeline.pipeline import Pipeline
from fullcount.pipeline.terms import SourceTerms
from fullcount.sources.reply import Refusal, Reply
from fullcount.sources.source import RawRequest, Source

CORRUPT_RETRY_SECONDS = 60.0  # a person has to mend the store


class IngestObserver(Protocol):
    """Hears how requests were answered. It must return at once and never raise."""

    def answered(self, route: str, status: int) -> None:
        """A request of this route was answered."""
        ...

    def shed(self, route: str, count: int) -> None:
        """So many events of a public route were not taken, as one address, or all together, sent too many."""
        ...

    def pixel_seen(self, source: str, state: str) -> None:
        """A page of this source told what became of its pixel: loaded, blocked, waiting, held, absent or refused."""
        ...

    def broke(self, route: str, error: Exception) -> None:
        """Something that nobody expected was raised."""
        ...

    def lost(self, route: str, code: str) -> None:
        """A request could not be stored, and its sender was told to go on: it will not come again."""
        ...


class Route(msgspec.Struct, frozen=True):
    """One ingest route: its name in metrics, how it speaks, and who reads its bodies."""

    name: str
    dialect: Dialect
    source: Source


class Ingest:
    """Answers the requests of all ingest routes."""

    def __init__(self, keyring: Keyring, pipeline: Pipeline, limits: BodyLimits, observer: IngestObserver) -> None:
        self._keyring = keyring
        self._pipeline = pipeline
        self._limits = limits
        self._observer = observer

    async def answer(self, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one POST request; a client that goes away before its body came is not answered."""
        headers = dict(scope["headers"])
        key = route.dialect.key(headers)
        terms = None if key is None else self._keyring.find(key)
        if terms is None:
            reply: Reply | None = route.dialect.unauthorized(is_missing=key is None)
        else:
            reply = await self._take(route, headers, receive, terms)
        if reply is not None:
            self._observer.answered(route.name, reply.status)
            await send_reply(send, reply)

    async def _take(
        self, route: Route, headers: dict[bytes, bytes], receive: Receive, terms: SourceTerms
    ) -> Reply | None:
        try:
            body = await read_body(receive, headers, self._limits)
            if body is None:
                return None
            if isinstance(body, Refusal):
                return route.dialect.refused(body)
            intake = route.source.read(RawRequest(body))
            return route.dialect.taken(intake, await self._pipeline.take(intake, terms))
        except InvalidEvent as error:
            return route.dialect.unreadable(error)
        except (StoreUnavailable, StoreCorrupt) as error:
            wait = error.retry_after if isinstance(error, StoreUnavailable) else CORRUPT_RETRY_SECONDS
            return route.dialect.unavailable(error.what, wait)
        except Exception as error:  # noqa: BLE001 - the last net: the caller is told to send again, the log says where
            self._observer.broke(route.name, error)
            return route.dialect.broken()
