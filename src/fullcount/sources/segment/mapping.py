"""From calls to what they bring: events, refunds, and what is told of visitors for later."""

from __future__ import annotations

from hashlib import sha256

from fullcount.events.names import canonical_name
from fullcount.events.problems import Problem
from fullcount.events.reading import Reading
from fullcount.events.tie import TieKind
from fullcount.sources.each import BROKE
from fullcount.sources.mapped import event_reading, purchase_id, tied, waiting_if_lost
from fullcount.sources.payload import Node, encode, text
from fullcount.sources.segment.calls import Call, Envelope, items_of, read_call
from fullcount.sources.segment.commerce import properties_of, refunded_amount
from fullcount.sources.segment.names import is_refund, tiktok_name
from fullcount.sources.segment.options import SegmentOptions
from fullcount.sources.segment.person import consent_in, is_for_tiktok, page_of, ties_of, user_of
from fullcount.sources.segment.sightings import Sightings
from fullcount.sources.sender import Rules
from fullcount.sources.source import Ignored, Intake, RawRequest, Refund

_ORDERS = frozenset({"Purchase", "PlaceAnOrder"})
_NO_NAME = Problem("event", "the call has no event name", 'send "event": "Order Completed"', code="name_missing")


class Collector:
    """Gathers what the calls of one request bring."""

    def __init__(self, request: RawRequest, rules: Rules) -> None:
        self._request = request
        self._rules = rules
        self._options = rules.options_as(SegmentOptions)
        self._readings: list[Reading] = []
        self._broken: list[Exception] = []
        self._ignored: list[Ignored] = []
        self._refunds: list[Refund] = []
        self._sightings = Sightings()

    def intake(self) -> Intake:
        """Read the whole request.

        Raises:
            InvalidEvent: nothing of the body can be read.
        """
        items, envelope = items_of(self._request, self._rules.limits)
        for item in items:
            try:
                self._take_item(item, envelope)
            except Exception as error:  # noqa: BLE001 - one call must not cost its neighbours; the log says where
                self._broken.append(error)
                self._readings.append(Reading(None, (BROKE,), "", ""))
        return Intake(
            tuple(self._readings),
            item_path="batch",
            broken=tuple(self._broken),
            are_names_mapped=True,
            ignored=tuple(self._ignored),
            refunds=tuple(self._refunds),
            sightings=self._sightings.listed(),
        )

    def _take_item(self, item: bytes, envelope: Envelope) -> None:
        most = self._options.max_event_bytes
        if len(item) > most:
            said = Problem("", f"the call is larger than {most:,} bytes", "send fewer items", code="event_too_large")
            self._readings.append(Reading(None, (said,), "", ""))
            return
        call = read_call(item, envelope, self._request)
        if isinstance(call, Problem):
            self._readings.append(Reading(None, (call,), "", ""))
            return
        if not is_for_tiktok(call):
            self._ignored.append(Ignored("not_for_tiktok", call.name))
            return
        user, page = user_of(call, self._request), page_of(call)
        consent = consent_in(call, self._request, self._options.consent_categories)
        self._sightings.add(call, user, page, consent)
        if call.kind in ("identify", "group", "alias"):
            self._ignored.append(Ignored("no_event", call.kind))
        elif not call.name:
            self._readings.append(Reading(None, (_NO_NAME,), "", ""))
        elif call.kind == "track" and is_refund(call.name, self._rules):
            self._take_refund(call, {"consent": consent, "user": user, "page": page})
        else:
            self._take_event(call, {"consent": consent, "user": user, "page": page})

    def _take_event(self, call: Call, about: Node) -> None:
        name = tiktok_name(call.name, self._rules, takes_custom=self._options.custom_events and call.kind == "track")
        if not name:
            self._ignored.append(Ignored("unknown_topic" if name is None else "switched_off", call.name))
            return
        given = _properties(call)
        event_id, is_private = self._event_id(call, name)
        fields = {
            **about,
            "event": name,
            "event_id": event_id,
            "event_time": None if call.at is None else int(call.at),
            "properties": properties_of(given, self._rules),
        }
        self._append(call, fields, is_id_private=is_private)

    def _event_id(self, call: Call, name: str) -> tuple[str | None, bool]:
        """Return the sender's event_id, else an order's by the source's template, else the call's own `messageId`.

        The last is a secret of the SDK: the browser's pixel cannot know it. Without one it is a digest of the call as
        it is repeated: the corrected time is another each time.
        """
        given = _properties(call)
        event_id = text(given, "event_id")
        if event_id is None and canonical_name(name) in _ORDERS:
            event_id = self._order_event_id(given)
        if event_id is not None:
            return event_id, False
        event_id = text(call.fields, "messageId")
        if event_id is None and call.at is not None:
            repeated = {key: value for key, value in call.fields.items() if key != "sentAt"}
            event_id = sha256(encode(repeated)).hexdigest()[:32]
        return event_id, True

    def _order_event_id(self, given: Node) -> str | None:
        return purchase_id(self._rules, order_id=text(given, "order_id"), checkout_token=text(given, "checkout_id"))

    def _take_refund(self, call: Call, about: Node) -> None:
        given = _properties(call)
        order_id = self._order_event_id(given)
        refund_id = text(given, "refund_id") or text(call.fields, "messageId") or order_id
        if order_id is None or refund_id is None:
            said = Problem("properties.order_id", "the refund names no order", "send order_id", code="order_missing")
            self._readings.append(Reading(None, (said,), call.name, ""))
            return
        refunded = refunded_amount(given)
        self._refunds.append(Refund(refund_id, order_id, refunded, text(given, "currency"), call.at))
        if self._rules.refund_event is None:
            return
        fields = {
            **about,
            "event": self._rules.refund_event,
            "event_id": f"refund-{refund_id}",
            "event_time": None if call.at is None else int(call.at),
            "properties": {**properties_of(given, self._rules), "value": refunded},
        }
        self._append(call, fields, is_id_private=True)

    def _append(self, call: Call, fields: Node, *, is_id_private: bool) -> None:
        given = _properties(call)
        ties = tied(
            [
                (TieKind.ORDER_ID, text(given, "order_id")),
                (TieKind.CHECKOUT_TOKEN, text(given, "checkout_id")),
                (TieKind.CART_TOKEN, text(given, "cart_id")),
            ]
        )
        reading = event_reading(fields, (*ties_of(call), *ties), is_id_private=is_id_private)
        self._readings.append(waiting_if_lost(reading))


def _properties(call: Call) -> Node:
    found = call.fields.get("properties")
    return found if isinstance(found, dict) else {}
