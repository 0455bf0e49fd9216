"""The browser's half: the snippet is handed out, beacons are taken, and the answers set first-party cookies."""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.errors import InvalidEvent
from fullcount.sources.browser.beacon import BEACON_BYTES, key_in, read_beacon
from fullcount.sources.browser.events import pixel_state, read_copies, read_events
from fullcount.sources.browser.jar import cookies_for
from fullcount.sources.browser.options import BrowserOptions, mistake_in
from fullcount.sources.browser.origins import is_allowed_origin, readable_by
from fullcount.sources.browser.sandbox import sandbox_beacon, seen_by
from fullcount.sources.browser.script import HASHED, METHODS, PLAIN, script_reply
from fullcount.sources.browser.shopify import pixel_event
from fullcount.sources.browser.visit import read_visit, sighting_of
from fullcount.sources.manners import WebhookManners, plain_refusal
from fullcount.sources.payload import is_key, read_object
from fullcount.sources.reply import Headers, Reply, empty_reply
from fullcount.sources.sender import Door, Neighbour, Options, Outcome, Refused, Rules
from fullcount.sources.source import Ignored, Intake, RawRequest

PREFLIGHT_SECONDS = 7_200  # Chrome believes no longer one
_SANDBOX = "/s"
_POST = frozenset({"POST"})
_UNREADABLE = Refused(400, "not_json", "the body is neither a JSON object nor a list", "send the beacon as JSON text")


class Browser(WebhookManners):
    """Hands out the snippet and takes its beacons, and those of Shopify's custom pixel."""

    kind = "browser"
    doors: Sequence[Door] = (
        Door("{prefix}/e", _POST, is_public=True, max_bytes=BEACON_BYTES, route="beacon"),
        Door("{prefix}/s", _POST, is_public=True, max_bytes=BEACON_BYTES, route="shopify pixel"),
        Door("{prefix}" + PLAIN, METHODS, max_bytes=BEACON_BYTES),
        Door("{prefix}" + HASHED, METHODS, is_pattern=True, max_bytes=BEACON_BYTES, route="{prefix}/fc.HASH.js"),
    )
    options: type[Options] = BrowserOptions
    is_key_public = True

    def greet(self, request: RawRequest, known: Sequence[Rules]) -> Reply | None:
        """Hand out the snippet; answer a preflight, which few pages make, and what cannot be read."""
        script = script_reply(request, known)
        if script is not None:
            return script
        if request.method == "OPTIONS":
            return _preflight(request, known)
        if request.method == "POST":
            try:
                read_beacon(request)
            except InvalidEvent:
                return self.answer(request, _UNREADABLE)
        return None

    def admits(self, request: RawRequest, rules: Rules) -> bool:
        """Check the public key and the page's origin."""
        if not _may_send(request, rules):
            return False
        try:
            return is_key(key_in(request, read_beacon(request)), rules.keys)
        except InvalidEvent:
            return False

    def read(self, request: RawRequest, rules: Rules) -> Intake:
        """Return the page's events, what it tells of the visitor and of the pixel, and the cookies to set."""
        if _is_sandbox(request, rules):
            return _read_sandbox(request, rules)
        beacon = read_beacon(request)
        visit = read_visit(beacon, request, rules)
        readings, ignored = read_events(beacon, visit, request, rules)
        sighting = None if visit.bot else sighting_of(visit, beacon, request)
        return Intake(
            readings,
            item_path="events",
            are_names_mapped=True,
            ignored=ignored,
            sightings=() if sighting is None else (sighting,),
            pixel_copies=() if visit.bot else read_copies(beacon, request),
            pixel_state="" if visit.bot else pixel_state(beacon),
            reply_headers=cookies_for(visit, request, rules.options_as(BrowserOptions)),
        )

    def answer(self, request: RawRequest, outcome: Outcome) -> Reply:
        """204 with the cookies; a refusal as JSON, which only a page that may send can read."""
        if isinstance(outcome, Refused):
            refused = plain_refusal(outcome)
            headers = () if outcome.status in (401, 405) else readable_by(request)
            return Reply(refused.status, refused.body, (*refused.headers, *headers))
        private: Headers = ((b"cache-control", b"no-store"),)
        return empty_reply(204, (*readable_by(request), *private, *outcome.intake.reply_headers))

    def contradiction(self, rules: Rules, _neighbours: Sequence[Neighbour]) -> str | None:
        """Say which option cannot be meant."""
        return mistake_in(rules.options_as(BrowserOptions))


def _is_sandbox(request: RawRequest, rules: Rules) -> bool:
    return request.path.rstrip("/") == rules.prefix + _SANDBOX


def _read_sandbox(request: RawRequest, rules: Rules) -> Intake:
    body = read_object(request.body)
    found = pixel_event(body, rules)
    beacon = sandbox_beacon(body, found)
    visit = read_visit(beacon, request, rules)
    sighting = None if visit.bot else sighting_of(visit, beacon, request)
    return Intake(
        () if isinstance(found, Ignored) else (seen_by(visit, found, request),),
        are_names_mapped=True,
        ignored=(found,) if isinstance(found, Ignored) else (),
        sightings=() if sighting is None else (sighting,),
    )


def _may_send(request: RawRequest, rules: Rules) -> bool:
    options = rules.options_as(BrowserOptions)
    return is_allowed_origin(request, options.origins, sandboxed=options.sandboxed)


def _preflight(request: RawRequest, known: Sequence[Rules]) -> Reply:
    if not any(_may_send(request, rules) for rules in known):
        return empty_reply(204)
    allow: Headers = (
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", b"content-type"),
        (b"access-control-max-age", b"%d" % PREFLIGHT_SECONDS),
    )
    return empty_reply(204, (*readable_by(request), *allow))
