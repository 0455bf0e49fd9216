"""From a text to a report: what it is, what is wrong with it, and the requests that TikTok would get."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from fullcount.cli.curl import CurlRequest, looks_like_curl, parse_curl
from fullcount.cli.documents import as_one_document
from fullcount.cli.known_values import Known, mistakes_of_hashes
from fullcount.cli.mistakes import (
    Mistake,
    Shape,
    goes_to_tiktok,
    mistakes_of_body,
    mistakes_of_request,
    shape_of,
)
from fullcount.config.settings import Pixel, Settings, Source
from fullcount.events.hashed import HashedEvent
from fullcount.events.problems import Problem, Severity
from fullcount.events.reading import Reading
from fullcount.pipeline.terms import SourceTerms, terms_of
from fullcount.pipeline.travel import Arrival, travel
from fullcount.queue.entry import Entry
from fullcount.queue.lane import Lane
from fullcount.sources.bounds import decode_json
from fullcount.sources.json_events import JsonSource
from fullcount.sources.receipt import Result
from fullcount.sources.source import Intake, Limits, RawRequest
from fullcount.sources.tiktok import TikTokSource
from fullcount.tiktok.mapping import encode_event, head_of
from fullcount.tiktok.wire import request_body

AGELESS_DAYS = 1e9  # longer than anything is old
EXAMPLE_PIXEL = "CEXAMPLE0PIXEL000001"
_ANY_JSON: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_CONSEQUENCES = {
    Severity.FATAL: "the event is refused",
    Severity.DROPPED: "the field is left out, the rest goes on",
    Severity.WARNING: "it goes on as it is",
}
_CONSEQUENCES_BY_CODE = {
    "time_missing": "it counts as if it happened now",
    "no_match_key": "it counts, and is attributed to no ad",
}
_NO_MATCH_KEY = Mistake(
    "user",
    "nothing that is left can tell TikTok who it was",
    _CONSEQUENCES_BY_CODE["no_match_key"],
    "send at least one of email, phone, external_id, ttclid, ttp, or ip with user_agent",
    Severity.WARNING,
)
# What a reading says of a shape that a mistake has named already.
_NAMED_BY_MISTAKES = frozenset({"old_shape", "old_spelling", "coerced"})


class Withheld(msgspec.Struct, frozen=True):
    """An event that would be recorded and not sent."""

    path: str
    reason: str


class Report(msgspec.Struct, frozen=True):
    """Everything that `check` has to say."""

    kind: str  # "our JSON", "TikTok 2.0", "TikTok 1.0"
    curl: bool
    events: int
    findings: tuple[Mistake, ...]
    withheld: tuple[Withheld, ...]
    requests: tuple[msgspec.Raw, ...]  # what TikTok would get, as JSON; of an event that is only too old, as well

    @property
    def is_fatal(self) -> bool:
        """Whether something costs an event."""
        return any(finding.severity is Severity.FATAL for finding in self.findings)


class Basis(msgspec.Struct, frozen=True):
    """By which rules an event is checked: a source's of some settings, or a stand-in's that vouches for consent."""

    settings: Settings | None = None
    source: str = ""  # nothing: the first one
    country: str | None = None  # for phone numbers, in place of the source's
    known: Known = Known()


def check_text(text: bytes, basis: Basis, *, folder: Path, now: float) -> Report:
    """Return the report on one event, several, a body for TikTok, or a curl line; `now` is in Unix seconds.

    Raises:
        InvalidEvent: the text is no JSON and no curl line.
    """
    request = None
    if looks_like_curl(text[:2000].decode("utf-8", "replace")):
        request = parse_curl(text.decode("utf-8", "surrogateescape"), folder)
        text = request.body
    else:
        text = as_one_document(text)
    body, text = decode_json(text, _ANY_JSON)
    shape = shape_of(body)
    if isinstance(body, list):
        text = b'{"events":' + text + b"}"
    intake = _read(text, shape, basis.settings or Settings())
    terms = _terms(intake, basis, now)
    arrivals = [_travel(reading, intake, terms, now) for reading in intake.readings]
    paths = [_path_of(intake, index) for index in range(len(arrivals))]
    mistakes = (*_mistakes(body, shape, request), *mistakes_of_hashes(body, basis.known))
    problems = [(paths[index], each) for index, arrival in enumerate(arrivals) for each in arrival.result.problems]
    problems += [("", each) for each in intake.warnings]
    return Report(
        kind="our JSON" if shape is Shape.OURS else shape.value,
        curl=request is not None,
        events=len(arrivals),
        findings=(*mistakes, *_findings(problems, mistakes), *_unmatchable(arrivals, paths)),
        withheld=tuple(
            Withheld(path.rstrip("."), arrival.result.reason)
            for path, arrival in zip(paths, arrivals, strict=True)
            if arrival.result.result is Result.WITHHELD
        ),
        requests=_requests((entry for arrival in arrivals for entry in arrival.entries), basis.settings or Settings()),
    )


def _read(text: bytes, shape: Shape, settings: Settings) -> Intake:
    bounds = settings.server
    limits = Limits(bounds.max_events, bounds.max_depth, bounds.max_string)
    reader = JsonSource(limits) if shape is Shape.OURS else TikTokSource(limits)
    return reader.read(RawRequest(text))


def _terms(intake: Intake, basis: Basis, now: float) -> SourceTerms:
    known = terms_of(basis.settings or _stand_in(intake), now)
    found = known[basis.source or next(iter(known))]
    if basis.country is None:
        return found
    rules = msgspec.structs.replace(found.identity_rules, default_country=basis.country)
    return msgspec.structs.replace(found, default_country=basis.country, identity_rules=rules)


def _stand_in(intake: Intake) -> Settings:
    named = {each.event.pixel for each in intake.readings if each.event and each.event.pixel and not intake.pixel_code}
    code = intake.pixel_code or EXAMPLE_PIXEL
    pixels = tuple(Pixel(name=name, code=code, access_token="") for name in sorted(named) or ["pixel"])
    return Settings(pixels=pixels, sources=(Source(name="check", key=(), pixels=tuple(each.name for each in pixels)),))


def _travel(reading: Reading, intake: Intake, terms: SourceTerms, now: float) -> Arrival:
    arrival = travel(reading, intake, terms, now)
    if arrival.entries:
        return arrival
    # Where only the event's age or the source's mode stands in the way, it is shown as it would be without.
    ageless = msgspec.structs.replace(terms.check_rules, max_event_age_days=AGELESS_DAYS)
    willing = msgspec.structs.replace(terms, is_observed=False, check_rules=ageless)
    return msgspec.structs.replace(arrival, entries=travel(reading, intake, willing, now).entries)


def _path_of(intake: Intake, index: int) -> str:
    return f"{intake.item_path.lower()}.{index}." if intake.item_path else ""


def _mistakes(body: Any, shape: Shape, request: CurlRequest | None) -> tuple[Mistake, ...]:
    found = list(mistakes_of_request(request, shape)) if request else []
    is_for_tiktok = request is not None and goes_to_tiktok(request)
    if is_for_tiktok or shape is not Shape.OURS:
        # Our drop-in routes mend these; TikTok does not.
        found += mistakes_of_body(body, shape, severity=Severity.FATAL if is_for_tiktok else Severity.WARNING)
    return tuple(found)


def _findings(problems: Iterable[tuple[str, Problem]], mistakes: tuple[Mistake, ...]) -> tuple[Mistake, ...]:
    named = {mistake.path for mistake in mistakes}
    return tuple(
        Mistake(
            path + each.path,
            each.reason,
            _CONSEQUENCES_BY_CODE.get(each.code, _CONSEQUENCES[each.severity]),
            each.fix,
            each.severity,
        )
        for path, each in problems
        if not (path + each.path in named and each.code in _NAMED_BY_MISTAKES)
    )


def _unmatchable(arrivals: Iterable[Arrival], paths: Iterable[str]) -> Iterator[Mistake]:
    """Yield the events whose only identifiers were dropped on the way: what they came with looked like enough."""
    for arrival, path in zip(arrivals, paths, strict=True):
        is_said = any(each.code == "no_match_key" for each in arrival.result.problems)
        if arrival.entries and not is_said and not _can_be_matched(arrival.entries[0].event):
            yield msgspec.structs.replace(_NO_MATCH_KEY, path=f"{path}user")


def _can_be_matched(event: HashedEvent) -> bool:
    user = event.user
    keys = (user.email, user.phone, user.external_id, user.ttclid, user.ttp, user.idfa, user.idfv, user.gaid)
    in_url = any("ttclid=" in (url or "") for url in (event.page.url, event.page.referrer))
    of_lead = user.lead_id or (event.lead and event.lead.lead_id)
    return bool(any(keys) or in_url or of_lead or (user.ip and user.user_agent))


def _requests(entries: Iterable[Entry], settings: Settings) -> tuple[msgspec.Raw, ...]:
    lanes: dict[Lane, list[bytes]] = {}
    for entry in entries:
        lanes.setdefault(entry.lane, []).append(encode_event(entry.event))
    partner_name = settings.tiktok.partner_name or None
    return tuple(msgspec.Raw(request_body(head_of(lane, partner_name), events)) for lane, events in lanes.items())
