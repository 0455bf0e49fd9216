"""The timeline of one event, found by its event_id."""

from __future__ import annotations

from collections.abc import Sequence

from fullcount.events.key import event_key
from fullcount.events.model import EventSource
from fullcount.ledger.journey import What
from fullcount.ledger.timeline import timeline, told_again
from fullcount.queue.lane import Lane
from fullcount.queue.records import TimelineRow

STORE = Lane("CEXAMPLE0PIXEL000001")
TEST = Lane("CEXAMPLE0PIXEL000001", EventSource.WEB, "TEST12345")
OUTLET = Lane("CEXAMPLE0PIXEL000002", EventSource.OFFLINE)


class Rows:
    """A reader that knows some rows."""

    def __init__(self, rows: dict[tuple[Lane, str, str], list[TimelineRow]], lanes: tuple[Lane, ...]) -> None:
        self.asked: list[Sequence[bytes]] = []
        self.keyless: dict[str, list[TimelineRow]] = {}
        self.refunds: dict[str, list[TimelineRow]] = {}
        self._lanes = list(lanes)
        self._names = sorted({name for _, name, _ in rows})
        self._rows = {
            event_key(lane.pixel_code, lane.event_source, lane.test_event_code, name, event_id): held
            for (lane, name, event_id), held in rows.items()
        }

    def known_lanes(self) -> list[Lane]:
        """Return the lanes."""
        return self._lanes

    def event_names(self) -> list[str]:
        """Return the names."""
        return self._names

    def timeline_rows(self, keys: Sequence[bytes]) -> dict[bytes, list[TimelineRow]]:
        """Return the rows of the keys."""
        self.asked.append(keys)
        return {key: self._rows[key] for key in keys if key in self._rows}

    def keyless_rows(self, event_id: str) -> list[TimelineRow]:
        """Return the rows that have no key."""
        return self.keyless.get(event_id, [])

    def refund_rows(self, event_id: str) -> list[TimelineRow]:
        """Return the refunds of an order."""
        return self.refunds.get(event_id, [])


def row(at: float, what: str, seq: int | None = 1, **more: object) -> TimelineRow:
    """Return a row of the store's."""
    return TimelineRow(at=at, what=what, seq=seq, **more)  # type: ignore[arg-type]  # a table of keywords


DELIVERED = [
    row(10.0, "accepted", pixel="store", source="backend", lane=STORE),
    row(11.0, "attempt", status=200, code=50000, request_id="R1", seconds=0.2),
    row(11.2, "retry"),
    row(13.0, "attempt", status=200, code=0, message="OK", request_id="R2", seconds=0.1),
    row(13.1, "delivered"),
]


def test_every_step_is_told_in_order_down_to_the_request_id() -> None:
    """Accepted, each attempt with code and request_id, and the outcome."""
    reader = Rows({(STORE, "Purchase", "order-1"): DELIVERED}, (STORE,))
    (journey,) = timeline(reader, "order-1")

    assert [step.what for step in journey.steps] == [
        What.ACCEPTED,
        What.ATTEMPT,
        What.RETRY,
        What.ATTEMPT,
        What.DELIVERED,
    ]
    assert [step.request_id for step in journey.steps if step.request_id] == ["R1", "R2"]
    assert (journey.event, journey.pixel, journey.state, journey.is_over) == ("Purchase", "store", "delivered", True)


def test_it_is_found_at_every_pixel_and_under_a_test_code() -> None:
    """One event_id may have made several journeys; the oldest comes first."""
    reader = Rows(
        {
            (STORE, "Purchase", "order-1"): DELIVERED,
            (TEST, "Purchase", "order-1"): [row(5.0, "accepted"), row(6.0, "test")],
            (OUTLET, "MyOwnEvent", "order-1"): [row(20.0, "accepted")],
            (STORE, "Purchase", "order-2"): DELIVERED,
        },
        (STORE, TEST, OUTLET),
    )
    found = timeline(reader, "order-1")

    assert [(each.pixel_code[-1], each.test_event_code, each.event, each.state) for each in found] == [
        ("1", "TEST12345", "Purchase", "test"),
        ("1", None, "Purchase", "delivered"),
        ("2", None, "MyOwnEvent", "queued"),
    ]


def test_a_name_that_was_never_counted_is_tried_all_the_same() -> None:
    """The standard names are always tried, and old ones as what they are called now."""
    reader = Rows({(STORE, "Lead", "lead-1"): [row(1.0, "accepted")]}, (STORE,))
    reader._names = ["SubmitForm"]

    assert [each.event for each in timeline(reader, "lead-1")] == ["Lead"]


def test_a_pixel_that_accepted_nothing_is_looked_at_if_it_is_named() -> None:
    """What was only withheld made no lane; the settings' pixels are given besides."""
    withheld = [row(1.0, "withheld", None, reason="consent_denied", pixel="store", source="shop")]
    reader = Rows({(STORE, "Purchase", "order-1"): withheld}, ())

    assert timeline(reader, "order-1") == []
    (journey,) = timeline(reader, "order-1", [STORE])
    assert (journey.state, journey.steps[0].reason) == ("withheld", "consent_denied")


def test_a_later_copy_does_not_change_where_it_stands() -> None:
    """A duplicate after the delivery is a step, and the state stays delivered."""
    rows = [*DELIVERED, row(20.0, "duplicate", None)]
    (journey,) = timeline(Rows({(STORE, "Purchase", "order-1"): rows}, (STORE,)), "order-1")

    assert journey.state == "delivered"
    assert journey.steps[-1].what is What.DUPLICATE


def test_states_while_it_waits() -> None:
    """Held, retrying, lost and redriven events are not over."""
    for what, state in (("held", "held"), ("retry", "retrying"), ("lost", "retrying"), ("redriven", "queued")):
        rows = [row(1.0, "accepted"), row(2.0, what)]
        (journey,) = timeline(Rows({(STORE, "Purchase", "order-1"): rows}, (STORE,)), "order-1")

        assert (journey.state, journey.is_over) == (state, False)


def test_a_death_has_tiktoks_words() -> None:
    """The dead letter's code and message stand at the death."""
    rows = [
        row(1.0, "accepted"),
        row(2.0, "attempt", status=200, code=40002, request_id="R1"),
        row(2.5, "dead", reason="rejected_by_tiktok", code=40002, message="not a valid string"),
    ]
    (journey,) = timeline(Rows({(STORE, "Purchase", "order-1"): rows}, (STORE,)), "order-1")

    assert (journey.steps[-1].code, journey.steps[-1].message) == (40002, "not a valid string")
    assert journey.state == "dead"


def test_all_lanes_and_names_are_looked_up_at_once() -> None:
    """The store is asked once however many lanes and names it knows, and each key once."""
    lanes = tuple(Lane(f"CEXAMPLE0PIXEL{number:06}") for number in range(50))
    reader = Rows({(lanes[7], "Purchase", "order-1"): DELIVERED}, lanes)
    reader._names = [f"Custom{number}" for number in range(200)]

    assert len(timeline(reader, "order-1")) == 1
    assert len(reader.asked) == 1
    assert len(reader.asked[0]) == len(set(reader.asked[0])) > 50 * 200


def test_an_invalid_event_is_found_by_its_id_with_what_was_wrong() -> None:
    """It reached no pixel and has no key; each name that it came with has a journey, beside that of a good copy."""
    reader = Rows({(STORE, "Purchase", "order-1"): DELIVERED}, (STORE,))
    reader.keyless["order-1"] = [
        row(3.0, "invalid", None, event="Purchase", source="backend", detail="event_time: too old"),
        row(4.0, "invalid", None, event="Purchase", source="backend", detail="event_time: too old"),
        row(5.0, "invalid", None, event="Lead", source="backend", detail="value: not a number"),
    ]
    found = timeline(reader, "order-1")

    assert [(each.event, each.pixel_code, each.state, len(each.steps)) for each in found] == [
        ("Purchase", "", "invalid", 2),
        ("Lead", "", "invalid", 1),
        ("Purchase", STORE.pixel_code, "delivered", 5),
    ]
    assert found[1].steps[0].message == "value: not a number"
    assert all(each.is_over for each in found)
    assert [each.state for each in told_again(reader, found)] == ["invalid", "invalid", "delivered"]


def test_a_refund_is_a_step_of_its_orders_event() -> None:
    """It stands in its place in time with its amount, and says nothing of where the event stands."""
    reader = Rows({(STORE, "Purchase", "order-1"): DELIVERED[:2]}, (STORE,))
    reader.refunds["order-1"] = [row(10.5, "refunded", None, event="Refund", source="shop", detail="20.5 EUR")]
    (journey,) = timeline(reader, "order-1")

    assert [step.what for step in journey.steps] == [What.ACCEPTED, What.REFUNDED, What.ATTEMPT]
    assert (journey.steps[1].message, journey.steps[1].source) == ("20.5 EUR", "shop")
    assert (journey.state, journey.is_over) == ("queued", False)
    assert told_again(reader, [journey]) == [journey]


def test_a_refund_of_an_order_that_is_not_known_has_a_journey_of_its_own() -> None:
    """Its event may have been delivered before the ledger begins, or have come another way."""
    reader = Rows({}, (STORE,))
    reader.refunds["order-1"] = [row(10.5, "refunded", None, event="Refund", source="shop", detail="20.5 EUR")]
    (journey,) = timeline(reader, "order-1")

    assert (journey.event, journey.pixel_code, journey.state, journey.is_over) == ("Refund", "", "refunded", True)


def test_an_ignored_request_does_not_change_where_its_event_stands() -> None:
    """A paid notice whose order was counted already is told beside the delivery; alone it is the whole story."""
    ignored = row(20.0, "ignored", None, event="orders/updated", reason="already_counted")
    reader = Rows({(STORE, "Purchase", "order-1"): [*DELIVERED, ignored]}, (STORE,))
    reader.keyless["order-2"] = [ignored]

    assert [each.state for each in timeline(reader, "order-1")] == ["delivered"]
    (alone,) = timeline(reader, "order-2")
    assert (alone.event, alone.state, alone.is_over) == ("orders/updated", "ignored", True)


def test_what_was_found_is_told_again_by_its_own_keys() -> None:
    """A second look at journeys costs a key for each of them, and shows how they stand now."""
    rows = {(STORE, "Purchase", "order-1"): DELIVERED[:1], (TEST, "Purchase", "order-1"): [row(5.0, "accepted")]}
    found = timeline(Rows(rows, (STORE, TEST)), "order-1")
    later = Rows({**rows, (STORE, "Purchase", "order-1"): DELIVERED}, ())

    assert [each.state for each in found] == ["queued", "queued"]
    assert [each.state for each in told_again(later, found)] == ["queued", "delivered"]
    assert [len(keys) for keys in later.asked] == [2]
    assert told_again(later, []) == []


def test_an_id_that_never_came_has_no_journey() -> None:
    """Nothing is made up."""
    assert timeline(Rows({}, (STORE,)), "order-1") == []
