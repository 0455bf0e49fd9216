"""One of Stripe's events, opened: its envelope's words and the object in it."""

from __future__ import annotations

from typing import Any

import msgspec

from fullcount.sources.payload import Node, moment, text
from fullcount.sources.sender import Rules
from fullcount.sources.source import Ignored, Intake
from fullcount.sources.stripe.options import StripeOptions


class Snapshot(msgspec.Struct, frozen=True):
    """A snapshot event: what happened to which object, and by which settings it is read."""

    topic: str
    thing: Node
    envelope: Node
    rules: Rules
    options: StripeOptions

    @property
    def event_id(self) -> str:
        """Stripe's own id of the event, the same when it is sent again."""
        return text(self.envelope, "id") or ""

    @property
    def happened_at(self) -> int | None:
        """When it happened, in Unix seconds: the envelope's time, since an object is made before it is paid."""
        told = (moment(node, "created") for node in (self.envelope, self.thing))
        return next((at for at in told if at is not None), None)

    @property
    def is_test(self) -> bool:
        """Whether it belongs to Stripe's test mode or a sandbox."""
        return any(node.get("livemode") is False for node in (self.envelope, self.thing))

    def __repr__(self) -> str:
        return f"Snapshot({self.topic!r})"


def ignored(said: Snapshot, reason: str, detail: str = "", event_id: str | None = None) -> Intake:
    """Return the intake of an event that means none, with the reason.

    It has no request id: Stripe's "Resend" is to be read afresh once a setting was changed.
    """
    return Intake((), ignored=(Ignored(reason, said.topic, event_id or text(said.thing, "id") or "", detail),))


def envelope_of(body: Any) -> tuple[str, Node | None]:
    """Return an event's type and its object, or no object if it is none that can be read."""
    data = body.get("data")
    thing = data.get("object") if isinstance(data, dict) else None
    return text(body, "type") or "", thing if isinstance(thing, dict) else None
