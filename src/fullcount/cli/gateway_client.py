"""Posts events to a gateway over one kept connection, and waits when it says so."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from fullcount.clock import SystemClock
from fullcount.config.address import address_of
from fullcount.errors import ConfigError, DestinationError, StoreUnavailable
from fullcount.events.problems import Problem
from fullcount.redact import mask

ANSWER_SECONDS = 30.0
MAX_TRIES = 8
LONGEST_WAIT_SECONDS = 30.0


class Noted(msgspec.Struct, frozen=True):
    """What the gateway says of one event: its place in the request (None: of the whole), and its problems."""

    index: int | None
    problems: tuple[Problem, ...] = ()


class Kept(msgspec.Struct, frozen=True):
    """One event that was withheld: its place in the request, and why."""

    index: int
    reason: str


class Taken(msgspec.Struct, frozen=True):
    """What the gateway said of one request."""

    accepted: int = 0
    duplicates: int = 0
    merged: int = 0
    withheld: int = 0
    event_ids: tuple[str | None, ...] = ()
    rejected: tuple[Noted, ...] = ()
    withheld_events: tuple[Kept, ...] = ()
    warnings: tuple[Noted, ...] = ()


def _wait(seconds: float) -> None:
    asyncio.run(SystemClock().sleep(seconds))


class GatewayClient:
    """A sender's side of `POST /v1/events`. What is sent again after a lost answer is a duplicate there."""

    def __init__(self, url: str, key: str, wait: Callable[[float], None] = _wait) -> None:
        parts = address_of(url)
        if parts is None or not parts.hostname:
            raise ConfigError("not an address", where="--url", fix="write it as http://127.0.0.1:8080")
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = make(parts.hostname, parts.port, timeout=ANSWER_SECONDS)
        self._url = f"{parts.scheme}://{parts.netloc}"
        self._path = f"{parts.path.rstrip('/')}/v1/events"
        self._key = key
        self._wait = wait

    def post(self, events: Sequence[bytes], test_event_code: str | None = None) -> Taken:
        """Send one request, again if the gateway cannot store just now; return what became of its events.

        Raises:
            StoreUnavailable: it could not store for long.
            DestinationError: there is no gateway, or it refuses the key or the request.
        """
        test = b',"test_event_code":' + msgspec.json.encode(test_event_code) if test_event_code else b""
        body = b"".join((b'{"events":[', b",".join(events), b"]", test, b"}"))
        for _ in range(MAX_TRIES):
            status, retry_after, answer = self._post_once(body)
            if status != http.client.SERVICE_UNAVAILABLE:
                return self._read(status, answer, len(events))
            self._wait(min(retry_after, LONGEST_WAIT_SECONDS))
        raise StoreUnavailable(
            f"the gateway could not store, {MAX_TRIES} times in a row: {_said(answer)[0]}",
            where=self._url,
            fix="see its log, or run fullcount doctor there; then send again: what is stored already is a duplicate",
        )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _post_once(self, body: bytes) -> tuple[int, float, bytes]:
        try:
            return self._exchange(body)
        except (OSError, http.client.HTTPException, UnicodeError):
            self._connection.close()  # a gateway that was restarted has dropped the kept connection
        try:
            return self._exchange(body)
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            self._connection.close()
            raise DestinationError(
                f"no gateway answers ({type(error).__name__})",
                where=self._url,
                fix="start it with fullcount serve, or name another with --url",
            ) from None

    def _exchange(self, body: bytes) -> tuple[int, float, bytes]:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        self._connection.request("POST", self._path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, _seconds(answer.getheader("Retry-After")), answer.read()

    def _read(self, status: int, answer: bytes, count: int) -> Taken:
        if status in {http.client.ACCEPTED, http.client.OK, http.client.UNPROCESSABLE_ENTITY}:
            try:
                return msgspec.json.decode(answer, type=Taken)
            except msgspec.MsgspecError:
                raise DestinationError(
                    "the answer is not that of a gateway",
                    where=self._url,
                    fix="is --url the address of fullcount serve?",
                ) from None
        if status in {http.client.BAD_REQUEST, http.client.REQUEST_ENTITY_TOO_LARGE}:
            problem = Problem("", *_said(answer), code="request_refused")
            return Taken(rejected=tuple(Noted(index, (problem,)) for index in range(count)))
        fixes: dict[int, str] = {
            http.client.UNAUTHORIZED: "the key is not one of a source there: see --key, and key in its settings",
            http.client.FORBIDDEN: "the key does not open that pixel: see pixels of the source",
            http.client.NOT_FOUND: "is --url the address of fullcount serve?",
        }
        reason, fix = _said(answer)
        raise DestinationError(f"HTTP {status}: {reason}", where=self._url, fix=fixes.get(status, fix or "see its log"))


def _seconds(header: str | None) -> float:
    return float(header) if header and header.replace(".", "", 1).isdigit() else 1.0


def _said(answer: bytes) -> tuple[str, str]:
    """Return what an answer says for a person, and its fix: of its error, its first problem, or its beginning alone."""
    try:
        held: Any = msgspec.json.decode(answer)
    except msgspec.DecodeError:
        held = None
    if isinstance(held, dict):
        rejected = held.get("rejected")
        if isinstance(rejected, list) and rejected and isinstance(rejected[0], dict):
            held = {"error": (rejected[0].get("problems") or [{}])[0]}
        error = held.get("error")
        if isinstance(error, dict):
            return mask(str(error.get("reason", ""))) or "no reason given", mask(str(error.get("fix", "")))
    return mask(answer[:200].decode("utf-8", "replace")) or "no reason given", ""
