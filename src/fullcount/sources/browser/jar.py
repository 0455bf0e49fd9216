"""Which cookies an answer sets: those that consent allows, and after a refusal none of ours is left."""

from __future__ import annotations

from fullcount.clock import DAY_SECONDS
from fullcount.sources.browser.cookies import drop_cookie, new_browser_id, set_cookie
from fullcount.sources.browser.options import BrowserOptions
from fullcount.sources.browser.visit import BROWSER_ID_COOKIE, CLICK_COOKIE, Visit
from fullcount.sources.reply import Headers
from fullcount.sources.source import RawRequest

_SWITCH = "_tt_enable_cookie"  # TikTok's own: "0" where the page switched its cookies off


def cookies_for(visit: Visit, request: RawRequest, options: BrowserOptions) -> Headers:
    """Return the headers that set or delete the visitor's cookies.

    A value that a script has set is set again unchanged, since Safari keeps a script's cookie for days only.
    """
    if visit.has_refused:
        ours = (options.cookie, CLICK_COOKIE, BROWSER_ID_COOKIE)
        return tuple(header for name in ours if request.cookie(name) for header in drop_cookie(request, name))
    if not visit.may_be_known or visit.bot or visit.visitor is None:
        return ()
    return (
        *set_cookie(request, options.cookie, visit.visitor, options.visitor_days),
        *_click_cookie(visit, request, options),
        *_browser_id_cookie(visit, request, options),
    )


def _click_cookie(visit: Visit, request: RawRequest, options: BrowserOptions) -> Headers:
    """Return the click ID's cookie: its days count from the click, so one that was kept is not kept on and on."""
    click = visit.user.ttclid
    if click is None or (visit.clicked_at is None and click == request.cookie(CLICK_COOKIE)):
        return ()
    clicked_at = request.received_at if visit.clicked_at is None else visit.clicked_at
    days = options.click_days - (request.received_at - clicked_at) / DAY_SECONDS
    return set_cookie(request, CLICK_COOKIE, click, days) if days > 0 else ()


def _browser_id_cookie(visit: Visit, request: RawRequest, options: BrowserOptions) -> Headers:
    """Return `_ttp`: the one that is there, or a new one where no pixel will make one, perhaps at this moment."""
    known = visit.user.ttp
    if known is None and options.set_browser_id and visit.is_without_pixel and request.cookie(_SWITCH) != "0":
        known = new_browser_id()
    return () if known is None else set_cookie(request, BROWSER_ID_COOKIE, known, options.visitor_days)
