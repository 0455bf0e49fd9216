"""TikTok's older event shape (Events API 1.0), where page, user, IP and click ID stand under `context`."""

from __future__ import annotations

from typing import Any

from fullcount.events.coercion import is_empty
from fullcount.events.problem_list import ProblemList


def lift_context(given: dict[str, Any], problems: ProblemList) -> dict[str, Any]:
    """Return the event object with what stands under `context` moved to where it belongs today.

    `context.user` becomes `user`, `context.ip` and `context.user_agent` join it, `context.page` becomes `page`, and
    `context.ad.callback` is the click ID (TikTok's own 1.0 SDK, 2026-02). A place that is already filled is kept.
    """
    context = given.get("context")
    if not isinstance(context, dict):
        return given
    problems.warn("context", "old_shape", "read as an event of TikTok's older shape", "send user and page without it")
    lifted = {key: value for key, value in given.items() if key != "context"}
    user = _united(context.get("user"), given.get("user"))
    ad = context.get("ad")
    for key, value in (
        ("ip", context.get("ip")),
        ("user_agent", context.get("user_agent")),
        ("ttclid", ad.get("callback") if isinstance(ad, dict) else None),
    ):
        if not is_empty(value) and isinstance(user, dict) and is_empty(user.get(key)):
            user = {**user, key: value}
    page = _united(context.get("page"), given.get("page"))
    rest = {key: value for key, value in context.items() if key not in {"user", "ip", "user_agent", "ad", "page"}}
    if isinstance(ad, dict) and (other := {key: value for key, value in ad.items() if key != "callback"}):
        rest["ad"] = other
    return {**lifted, "user": user, "page": page, **({"context": rest} if rest else {})}


def _united(older: Any, newer: Any) -> Any:
    """Return both objects as one in which the newer place wins; without objects, whatever is there."""
    if is_empty(newer):
        return {} if is_empty(older) else older
    if isinstance(older, dict) and isinstance(newer, dict):
        return {**older, **{key: value for key, value in newer.items() if not is_empty(value)}}
    return newer
