"""Our own way: `Authorization: Bearer`, HTTP status codes that mean what they say, and a result for each event."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from fullcount.errors import InvalidEvent
from fullcount.gateway.dialect import noted, withheld
from fullcount.sources.receipt import Receipt, Result
from fullcount.sources.reply import Refusal, Reply, json_reply, refusal_reply
from fullcount.sources.source import Intake

_AGAIN = "send the same again later; an event that has an event_id or event_time will be counted once"
# The commonest answer by far, one event taken and nothing to say of it, is written around its id.
_ONE_HEAD = b'{"accepted":1,"duplicates":0,"merged":0,"withheld":0,"event_ids":['
_ONE_TAIL = b'],"results":["accepted"],"rejected":[],"withheld_events":[],"warnings":[]}'
_encoder = msgspec.json.Encoder()

# Worded so that masking leaves it whole: a header's name with a value behind it is read as a credential.
_KEY_FIX = "put the source's key into the Authorization header, with the scheme Bearer"
_STATUS_OF_UNREADABLE = {"too_many_events": 413, "empty": 422}


class EventsDialect:
    """The answers of `POST /v1/events`."""

    def key(self, headers: Mapping[bytes, bytes]) -> bytes | None:
        """Return the bearer token."""
        said = headers.get(b"authorization")
        if said is None or said[:7].lower() != b"bearer ":
            return None
        return said[7:].strip() or None

    def unauthorized(self, *, is_missing: bool) -> Reply:
        """401."""
        reason = "the source's key is missing" if is_missing else "no source has this key"
        headers = ((b"www-authenticate", b"Bearer"),)
        return refusal_reply(Refusal(401, "unauthorized", reason, _KEY_FIX, headers=headers))

    def refused(self, refusal: Refusal) -> Reply:
        """408, 413, 415, or 400."""
        return refusal_reply(refusal)

    def unreadable(self, error: InvalidEvent) -> Reply:
        """400; 413 for too many events; 422 for none."""
        problem = error.problems[0]
        status = _STATUS_OF_UNREADABLE.get(problem.code, 400)
        return refusal_reply(Refusal(status, problem.code, problem.reason, problem.fix, problem.path))

    def taken(self, intake: Intake, receipt: Receipt) -> Reply:
        """202; 422 if nothing could be taken; 403 if that is because every event is for a pixel of others."""
        if len(receipt.results) == 1 and not intake.warnings:
            only = receipt.results[0]
            if only.result is Result.ACCEPTED and not only.problems:
                return Reply(202, b"%b%b%b" % (_ONE_HEAD, _encoder.encode(only.event_id), _ONE_TAIL))
        counts = receipt.counts()
        notes = noted(intake, receipt)
        answer: dict[str, Any] = {
            "accepted": counts[Result.ACCEPTED],
            "duplicates": counts[Result.DUPLICATE],
            "merged": counts[Result.MERGED],
            "withheld": counts[Result.WITHHELD],
            "event_ids": [each.event_id for each in receipt.results],
            "results": [each.result for each in receipt.results],
            "rejected": notes.rejected,
            "withheld_events": withheld(receipt) if counts[Result.WITHHELD] else [],
            "warnings": notes.warnings,
        }
        if notes.omitted:
            answer["problems_omitted"] = notes.omitted
        status = 202 if counts[Result.REJECTED] < len(receipt.results) else 403 if receipt.is_not_allowed else 422
        return json_reply(status, answer)

    def unavailable(self, what: str, retry_after_seconds: float) -> Reply:
        """503 with the seconds to wait."""
        wait = b"%d" % max(1, math.ceil(retry_after_seconds))
        return refusal_reply(Refusal(503, "cannot_store", what, _AGAIN, headers=((b"retry-after", wait),)))

    def broken(self) -> Reply:
        """500."""
        return refusal_reply(Refusal(500, "internal", "something went wrong here; the log has it", _AGAIN))
