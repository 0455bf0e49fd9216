"""The browser's half: the snippet is handed out, its beacons are taken, and the answers set first-party cookies."""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.errors import InvalidEvent
from fullcount.identity.bots import bot_name
from fullcount.sources.browser.beacon import (
    BrowserOptions,
    Visit,
    is_allowed_origin,
    pixel_state,
    read_copies,
    read_events,
    read_visit,
    sighting_of,
)
from fullcount.sources.browser.cookies import (
    BROWSER_ID_COOKIE,
    CLICK_COOKIE,
    drop_cookie,
    new_browser_id,
    set_cookie,
)
from fullcount.sources.manners import WebhookManners, plain_refusal
from fullcount.sources.payload import is_key, read_object, text
from fullcount.sources.reply import Headers, Reply, empty_reply
from fullcount.sources.sender import Door, Options, Outcome, Refused, Rules
from fullcount.sources.source import Intake, RawRequest

BEACON_BYTES = 65_536  # what browsers themselves let a page send while it is left
PREFLIGHT_SECONDS = 7_200  # Chrome believes no longer one


class Browser(WebhookManners):
    """Takes the snippet's beacons."""

    kind = "browser"
    doors: Sequence[Door] = (
        Door("{prefix}/e", frozenset({"POST"}), is_public=True, max_bytes=BEACON_BYTES, route="beacon"),
    )
    options: type[Options] = BrowserOptions

    def greet(self, request: RawRequest, _known: Sequence[Rules]) -> Reply | None:
        """Answer a preflight; beacons need none, but a page may send one with headers of its own."""
        if request.method != "OPTIONS":
            return None
        allow: Headers = (
            (b"access-control-allow-methods", b"POST"),
            (b"access-control-allow-headers", b"content-type"),
            (b"access-control-max-age", b"%d" % PREFLIGHT_SECONDS),
        )
        return empty_reply(204, (*_cors(request), *allow))

    def admits(self, request: RawRequest, rules: Rules) -> bool:
        """Check the public key and the page's origin."""
        options = rules.options_as(BrowserOptions)
        if not is_allowed_origin(request, options.origins, sandboxed=options.sandboxed):
            return False
        try:
            return is_key(text(read_object(request.body), "key"), rules.keys)
        except InvalidEvent:
            return False

    def read(self, request: RawRequest, rules: Rules) -> Intake:
        """Return the page's events, what it tells of the visitor and of the pixel, and the cookies to set."""
        beacon = read_object(request.body)
        visit = read_visit(beacon, request, rules)
        bot = bot_name(visit.user.user_agent, is_webdriver=beacon.get("webdriver") is True) or ""
        sighting = None if bot else sighting_of(visit, beacon, request)
        return Intake(
            read_events(beacon, visit, request, bot),
            item_path="events",
            are_names_mapped=True,
            sightings=() if sighting is None else (sighting,),
            pixel_copies=read_copies(beacon, request),
            pixel_state=pixel_state(beacon),
            reply_headers=_cookies(visit, request, rules.options_as(BrowserOptions)),
        )

    def answer(self, request: RawRequest, outcome: Outcome) -> Reply:
        """204 with the cookies; a refusal as JSON that the page may read."""
        if isinstance(outcome, Refused):
            refused = plain_refusal(outcome)
            return Reply(refused.status, refused.body, (*refused.headers, *_cors(request)))
        return empty_reply(204, (*_cors(request), *outcome.intake.reply_headers))


def _cors(request: RawRequest) -> Headers:
    origin = request.header("origin")
    vary: Headers = ((b"vary", b"origin"),)
    if not origin or not origin.isascii() or not origin.isprintable():
        return vary
    return (
        (b"access-control-allow-origin", origin.encode("ascii")),
        (b"access-control-allow-credentials", b"true"),
        *vary,
    )


def _cookies(visit: Visit, request: RawRequest, options: BrowserOptions) -> Headers:
    """Return the cookies that consent allows; after a refusal those of ours are deleted."""
    if visit.has_refused:
        held = (options.cookie, CLICK_COOKIE, BROWSER_ID_COOKIE)
        return tuple(header for name in held if request.cookie(name) for header in drop_cookie(request, name))
    if not visit.may_be_known or visit.visitor is None:
        return ()
    cookies = set_cookie(request, options.cookie, visit.visitor, options.visitor_days)
    click = visit.user.ttclid
    if click and click != request.cookie(CLICK_COOKIE):
        cookies += set_cookie(request, CLICK_COOKIE, click, options.click_days)
    # A pixel that runs makes its own, perhaps at this moment: only where none does is one given.
    if options.set_browser_id and not visit.user.ttp and visit.is_without_pixel:
        cookies += set_cookie(request, BROWSER_ID_COOKIE, new_browser_id(), options.visitor_days)
    elif visit.user.ttp and not request.cookie(BROWSER_ID_COOKIE):
        cookies += set_cookie(request, BROWSER_ID_COOKIE, visit.user.ttp, options.visitor_days)
    return cookies
