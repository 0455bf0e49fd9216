"""The click ID (`ttclid`): where it may stand, which one wins, and when it is none."""

from __future__ import annotations

import re
from urllib.parse import unquote

from fullcount.events.free_text import holds_identifier
from fullcount.events.model import Event, EventSource
from fullcount.events.placeholders import is_macro
from fullcount.events.problem_list import ProblemList
from fullcount.identity.placeholders import PLACEHOLDERS

_IN_QUERY = re.compile(r"(?:^|&)ttclid=([^&;\s]+)")


def resolve_click_id(event: Event, problems: ProblemList) -> str | None:
    """Return the click ID: of the page's URL, else of a referrer on the same host, else the one that was sent.

    Sent is `user.ttclid`, or for web events `ad.callback`, its place in TikTok's older shape. A value from a URL is
    percent-decoded once; case is never changed. An unreplaced macro is refused and the next place is tried.
    """
    url, referrer = event.page.url, event.page.referrer
    found = None
    if url and "ttclid=" in url:
        found = _from_url(url, "page.url", problems)
    if found is None and referrer and "ttclid=" in referrer and _host(referrer) == _host(url or ""):
        found = _from_url(referrer, "page.referrer", problems)
    sent, path = event.user.ttclid, "user.ttclid"
    if not sent and event.ad is not None and event.event_source is EventSource.WEB:
        sent, path = event.ad.callback, "ad.callback"
    if not sent or sent == found:
        return found
    sent = _usable(sent, path, problems)
    if found is None:
        return sent
    if sent is not None and sent != found:
        problems.warn(path, "ttclid_differs", "the URL has another click ID, which was used", "send one of them only")
    return found


def _from_url(url: str, path: str, problems: ProblemList) -> str | None:
    """Return the first usable click ID among the parameters of the query, then of a path in the fragment."""
    base, _, fragment = url.partition("#") if "#" in url else (url, "", "")
    sent = _IN_QUERY.findall(base.partition("?")[2])
    if fragment and "ttclid=" in fragment:
        sent += _IN_QUERY.findall(fragment.partition("?")[2])
    refused = ""
    for value in sent:
        clicked = unquote(value).strip() if "%" in value else value
        if clicked and not _is_placeholder(clicked):
            return clicked
        refused = refused or clicked
    return _usable(refused, path, problems)


def _usable(value: str, path: str, problems: ProblemList) -> str | None:
    value = value.strip()
    if value and _is_placeholder(value):
        fix = "let the ad's URL fill it in (TikTok's macro is __CLICKID__), and leave it out where there was no click"
        problems.drop(path, "ttclid_placeholder", "a placeholder or an address stands where the click ID should", fix)
        return None
    return value or None


def _is_placeholder(value: str) -> bool:
    return (
        value.lower() in PLACEHOLDERS
        or (value[0] in "_{$%[" and is_macro(value))
        or (("@" in value or "+" in value) and holds_identifier(value))
    )


def _host(url: str) -> str:
    """Return the host of an absolute URL in lower case, without port and a leading www."""
    parts = url.split("/", 3)
    if len(parts) < 3:
        return ""
    host = re.split(r"[?#]", parts[2])[0].rpartition("@")[2].lower()
    return host.rsplit(":", 1)[0].removeprefix("www.")
