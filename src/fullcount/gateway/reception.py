"""What every sender's route does: read the body, find whose it is, read it as that sender, store, answer its way."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import msgspec

from fullcount.clock import Clock
from fullcount.errors import InvalidEvent, StoreCorrupt, StoreUnavailable
from fullcount.gateway.aside import read_aside
from fullcount.gateway.body import BodyLimits, read_body
from fullcount.gateway.caller import Callers
from fullcount.gateway.doors import Entrance, Listed
from fullcount.gateway.ingest import CORRUPT_RETRY_SECONDS, IngestObserver
from fullcount.gateway.reply import Receive, Scope, Send, send_reply
from fullcount.gateway.shedding import SECONDS_PER_MINUTE, Shedding
from fullcount.pipeline.pipeline import Pipeline
from fullcount.sources.each import with_large
from fullcount.sources.manners import plain_refusal
from fullcount.sources.reply import Refusal, Reply
from fullcount.sources.sender import Outcome, Refused, Taken
from fullcount.sources.source import Intake, RawRequest

_UNAUTHORIZED = Refused(
    401, "unauthorized", "the request is not authentic", "compare the source's key with what the sender was given"
)
_WRONG_METHOD = Refused(405, "method_not_allowed", "this path does not take that method", "use POST")
_TOO_MANY = Refused(
    429, "too_many", "too many events from this address", "wait a minute", retry_after_seconds=SECONDS_PER_MINUTE
)
_LONG_HEAD = Refused(431, "head_too_large", "the headers and the query are too long", "send the data in the body")
_BROKEN = Refused(500, "internal", "something broke here, and the log has it", "send it again", retry_after_seconds=5.0)
_AGAIN = "send the same again later; it will be counted once"
HEAD_CHARACTERS = 65_536  # of headers and query; uvicorn bounds the query alone
Doorkeeper = tuple[Callers, Shedding]  # who calls, and how much of it is taken


class _Read(NamedTuple):
    """Whose request it is, and what it brought."""

    listed: Listed
    intake: Intake


class Reception:
    """Answers the requests of all senders."""

    def __init__(
        self, pipeline: Pipeline, limits: BodyLimits, door: Doorkeeper, clock: Clock, observer: IngestObserver
    ) -> None:
        self._pipeline = pipeline
        self._callers, self._shedding = door
        self._limits = limits
        self._clock = clock
        self._observer = observer

    async def answer(self, entrance: Entrance, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that goes away before its body came is not answered."""
        if _is_head_long(scope):
            self._observer.answered(entrance.route, _LONG_HEAD.status)
            await send_reply(send, plain_refusal(_LONG_HEAD))
            return
        head = self._head(scope)
        limits = self._limits
        if entrance.max_bytes is not None:
            limits = msgspec.structs.replace(limits, max_bytes=entrance.max_bytes)
        body = await read_body(receive, dict(scope["headers"]), limits)
        if body is None:
            return
        if isinstance(body, Refusal):
            refused = Refused(body.status, body.code, body.reason, body.fix, body.path)
            reply = entrance.sender.answer(self._request(head, scope, b""), refused)
        else:
            reply = await self._reply(entrance, self._request(head, scope, body))
        self._observer.answered(entrance.route, reply.status)
        await send_reply(send, reply)

    async def _reply(self, entrance: Entrance, request: RawRequest) -> Reply:
        try:
            found = await read_aside(len(request.body), partial(_read, entrance, request))
            if isinstance(found, Reply):
                return found
            outcome = await self._taken(entrance, request, found) if isinstance(found, _Read) else found
        except Exception as error:  # noqa: BLE001 - the last net: the caller is told to send again, the log says where
            self._observer.broke(entrance.route, error)
            outcome = _BROKEN
        reply = entrance.sender.answer(request, outcome)
        if isinstance(outcome, Refused) and outcome.status >= 500 and reply.status < 400:
            self._observer.lost(entrance.route, outcome.code)
        return reply

    async def _taken(self, entrance: Entrance, request: RawRequest, found: _Read) -> Outcome:
        listed, intake = found
        try:
            if entrance.is_public:
                spared = self._shedding.spare(intake, request.client_ip, listed.rules.name, self._clock.now())
                if spared.shed or spared.is_refused:
                    self._observer.shed(entrance.route, max(1, spared.shed))
                if spared.is_refused:
                    return _TOO_MANY
                intake = spared.intake
            intake = with_large(intake, len(request.body) + len(request.query))
            receipt = await self._pipeline.take(intake, listed.terms)
            if intake.pixel_state:
                self._observer.pixel_seen(listed.rules.name, intake.pixel_state)
            return Taken(intake, receipt)
        except (StoreUnavailable, StoreCorrupt) as error:
            wait = error.retry_after if isinstance(error, StoreUnavailable) else CORRUPT_RETRY_SECONDS
            return Refused(503, "store_unavailable", error.what, _AGAIN, retry_after_seconds=wait)

    def _head(self, scope: Scope) -> dict[str, str]:
        """Return the headers by name in lower case; of those that may come in several lines, the lines joined."""
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            if name in headers:
                value = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{value}"
            headers[name] = value
        return headers

    def _request(self, headers: dict[str, str], scope: Scope, body: bytes) -> RawRequest:
        return RawRequest(
            body=body,
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            client_ip=self._callers.address_of(scope, headers.get("x-forwarded-for", "")),
            received_at=self._clock.now(),
        )


def _is_head_long(scope: Scope) -> bool:
    size = len(scope["query_string"]) + sum(len(name) + len(value) for name, value in scope["headers"])
    return size > HEAD_CHARACTERS


def _read(entrance: Entrance, request: RawRequest) -> Reply | Refused | _Read:
    """Return the answer to what needs no key, or whose request it is and what it brought, or why it is not taken."""
    sender = entrance.sender
    greeting = sender.greet(request, [each.rules for each in entrance.listed])
    if greeting is not None:
        return greeting
    if request.method not in entrance.methods:
        return _WRONG_METHOD
    # Every source is asked, so that an answer's speed tells nothing of which one came near.
    admitted = [each for each in entrance.listed if sender.admits(request, each.rules)]
    if not admitted:
        return _UNAUTHORIZED
    try:
        return _Read(admitted[0], sender.read(request, admitted[0].rules))
    except InvalidEvent as error:
        problem = error.problems[0]
        status = 413 if problem.code == "too_many_events" else 400
        return Refused(status, problem.code, problem.reason, problem.fix, problem.path)
