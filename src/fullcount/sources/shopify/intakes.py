"""Small pieces that every topic needs: an intake that only says why, and whether this is a test."""

from __future__ import annotations

from fullcount.sources.payload import Node, at
from fullcount.sources.source import Ignored, Intake, RawRequest, Refund

_YES = (True, 1, "true")


def ignored(
    reason: str, topic: str, event_id: str | None = None, *, detail: str = "", refunds: tuple[Refund, ...] = ()
) -> Intake:
    """Return an intake without an event; `reason` is a value of `fullcount.queue.outcomes.Ignored`."""
    return Intake((), ignored=(Ignored(reason, topic, event_id or "", detail),), refunds=refunds)


def is_test(request: RawRequest, body: Node) -> bool:
    """Say whether the order was paid at a test gateway, or the request is the admin's "send test notification"."""
    return at(body, "test") in _YES or request.header("x-shopify-test").strip().lower() == "true"
