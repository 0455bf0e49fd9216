"""What TikTok needs besides: the parts that each event source requires, and something to match the person by."""

from __future__ import annotations

from fullcount.events.checks.rules import CheckRules
from fullcount.events.model import Event, EventSource
from fullcount.events.problem_list import ProblemList


def check_required_parts(event: Event, _rules: CheckRules, _now: float, problems: ProblemList) -> Event:
    """Check for what the event's source requires: a page (web), an app id (app), a lead id (crm)."""
    source = event.event_source
    if source is EventSource.WEB:
        if not event.page.url:
            fix = "send page.url as the visitor's browser had it, with its query"
            problems.warn("page.url", "page_missing", "a web event needs the page it happened on", fix)
    elif source is EventSource.APP:
        if event.app is None or not event.app.app_id:
            fix = "send app.app_id: the App Store id without letters, or the package name"
            problems.warn("app.app_id", "app_id_missing", "an app event needs the app's id", fix)
    elif source is EventSource.CRM and not (event.lead and event.lead.lead_id) and not event.user.lead_id:
        fix = "send lead.lead_id from TikTok's lead export"
        problems.warn("lead.lead_id", "lead_id_missing", "a CRM event needs the lead's id", fix)
    return event


def check_match_keys(event: Event, _rules: CheckRules, _now: float, problems: ProblemList) -> Event:
    """Check that something can tell TikTok who it was."""
    user = event.user
    if user.ip and not user.user_agent:
        fix = "send the shopper's user agent together with the IP"
        problems.warn("user.user_agent", "user_agent_missing", "an IP without a user agent matches nobody", fix)
    if not (
        user.email
        or user.phone
        or user.external_id
        or user.ttclid
        or user.ttp
        or (user.ip and user.user_agent)
        or _has_rarer_key(event)
    ):
        fix = "send at least one of email, phone, external_id, ttclid, ttp, or ip with user_agent"
        problems.warn("user", "no_match_key", "nothing in the event can tell TikTok who it was", fix)
    return event


def _has_rarer_key(event: Event) -> bool:
    user = event.user
    in_url = any("ttclid=" in (url or "") for url in (event.page.url, event.page.referrer))
    return bool(in_url or user.idfa or user.idfv or user.gaid or user.lead_id or (event.lead and event.lead.lead_id))
