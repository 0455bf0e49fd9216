"""The rules of the browser's half and of the ads, with what is known of each."""

from __future__ import annotations

from fullcount.emulator.rules import Evidence, Rule

_O, _C, _T, _G = Evidence.OFFICIAL, Evidence.OFFICIAL_CODE, Evidence.THIRD_PARTY, Evidence.GUESS
_SHIPPED = "pixel.js 2.1.33, 2024-01"
_CONSENT = "base codes and consent vendors' pages, 2024 to 2026"

BROWSER_RULES: tuple[Rule, ...] = (
    Rule(
        "pixel.queue", _C, "The runtime takes over `window[TiktokAnalyticsObject]` and runs what waits there.", _SHIPPED
    ),
    Rule("pixel.late", _G, "A pixel whose script comes later still gets the calls made since it was loaded.", "-"),
    Rule("pixel.unknown_id", _G, "The script of a pixel that does not exist is 404.", "-"),
    Rule(
        "pixel.names",
        _C,
        "Purchase is sent as CompletePayment, and 13 other names under theirs (switch: `rename_events`).",
        _SHIPPED,
    ),
    Rule(
        "pixel.event_id",
        _C,
        "The event_id is `options.event_id`, `options.eventID`, `params.event_id` or `params.eventID`, else empty.",
        _SHIPPED,
    ),
    Rule("pixel.page_view", _C, "`page()` sends Pageview once for each URL and pixel.", _SHIPPED),
    Rule("pixel.beacon", _C, "A hit is a beacon of text; if it is refused, an image with the hit in base64.", _SHIPPED),
    Rule("pixel.content_type", _C, "A hit is read as JSON whatever its Content-Type.", _SHIPPED),
    Rule("pixel.address", _G, "IP and user agent of a hit are those of its connection and its header.", "-"),
    Rule("pixel.internal", _C, "EnrichAM, Metadata and all of `/api/v2/pixel/act` are not counted.", _SHIPPED),
    Rule("pixel.answer", _G, "A hit is answered in the envelope with CORS for its origin; an image with a GIF.", "-"),
    Rule("pixel.time", _G, "A hit without a readable `timestamp` happened when it arrived.", "-"),
    Rule(
        "pixel.hash",
        _C,
        "`identify` hashes e-mail and phone on the page; a digest passes as it is.",
        _SHIPPED,
    ),
    Rule(
        "pixel.hash_names",
        _G,
        "First name, last name and zip code are hashed too; a phone without `+` is left out.",
        "-",
    ),
    Rule("pixel.external_id", _T, "`external_id` is sent as it is given.", "pixel requests of 2026-06"),
    Rule(
        "pixel.ttp", _T, "`_ttp` is a ULID with `_.tt.1` after it, kept as it is where there is one.", "cookies of 2025"
    ),
    Rule("pixel.cookie_life", _C, "`_ttp` and `_tt_enable_cookie` live 390 days, renewed on each page.", _SHIPPED),
    Rule("pixel.cookie_domain", _C, "Cookies sit on the widest domain that the browser accepts.", _SHIPPED),
    Rule(
        "pixel.click_id",
        _C,
        "The click ID is the landing URL's, else the referrer's, else the cookie's; sent as `context.ad.callback`.",
        _SHIPPED,
    ),
    Rule(
        "pixel.click_id_cookie",
        _C,
        "The pixel's `ttclid` cookie lives 24 hours (switch: `ttclid_cookie_seconds`).",
        _SHIPPED,
    ),
    Rule(
        "pixel.disable_cookie",
        _C,
        "`disableCookie` writes `_tt_enable_cookie=0`, deletes `_ttp`; events go on without it.",
        _SHIPPED,
    ),
    Rule("pixel.consent", _T, "`holdConsent` keeps events and cookies back until `grantConsent`.", _CONSENT),
    Rule("pixel.revoke", _G, "`revokeConsent` drops what waits and what comes, and deletes `_ttp` and `ttclid`.", "-"),
    Rule("pixel.limited", _C, "`limited_data_use` of an event wins over the pixel's.", _SHIPPED),
    Rule(
        "ads.click_id",
        _T,
        "A click appends `ttclid` to the landing URL; its values begin with `E.C.P.`",
        "samples of 2024",
    ),
    Rule(
        "ads.click_window",
        _O,
        "A click is credited with events of the 7 days after it (switch: `click_window_days`).",
        "help centre, attribution, 2025",
    ),
    Rule(
        "ads.view_window",
        _O,
        "A view is credited with events of the day after it (switch: `view_window_days`).",
        "help centre, attribution, 2025",
    ),
    Rule("ads.one_touch", _O, "Each event has one touch at most.", "help centre, attribution, 2025"),
    Rule("ads.last_click", _T, "A click goes before a view, and the last before earlier ones.", "vendors' pages"),
    Rule("ads.own_click", _G, "The click whose `ttclid` the event carries goes before the user's other clicks.", "-"),
    Rule("ads.event_time", _G, "Windows run from the touch to `event_time`, whole seconds, ends included.", "-"),
    Rule("match.exact", _G, "An event matches the user to whom one of its keys belongs, and nobody else.", "-"),
    Rule("match.order", _G, "Keys rank: ttclid, email, phone, external_id, ttp, IP with user agent.", "-"),
    Rule("match.shared", _G, "IP with user agent that two users share matches neither.", "-"),
    Rule("match.learned", _G, "A `ttp` or `external_id` that came with a stronger key is that user's afterwards.", "-"),
    Rule("match.clicker", _G, "A click of nobody named becomes the click of whoever's keys come with it.", "-"),
)
