"""Every recorded delivery gives what the index of fixtures expects."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.sources.fixtures import Fixture, fixtures, ran
from tests.unit.sources.shopify.shop import hashed

from fullcount.events.hashed import HashedEvent
from fullcount.identity.emails import normalize_email

# What is off by default and expected of the file when it is on; which amount the index means.
SETTINGS: dict[str, dict[str, Any]] = {
    "shopify/carts_create.json": {"carts": True},
    "shopify/customers_create.json": {"registrations": True},
}
REASONS = {"test": "test_order", "pos unless offline mode": "offline_order"}


def labels(each: Fixture) -> str:
    """Name a case by its file and what is expected."""
    return f"{each.file}-{'-'.join(each.expect)}"


@pytest.mark.parametrize("recorded", fixtures("shopify/"), ids=labels)
def test_a_recorded_delivery_gives_what_the_index_expects(recorded: Fixture) -> None:
    """Name, id, value, currency, hashed identifiers, refunds, reasons and refusals are those of the index."""
    expect = dict(recorded.expect)
    found = ran("shopify", recorded.request(), recorded.secret, **SETTINGS.get(recorded.file, {}))
    status = expect.pop("status", None)
    assert found.is_authentic == (status != 401)
    if status is not None:
        assert expect == {}
        return
    if "refund_amount" in expect:
        (refund,) = found.intake.refunds
        assert refund.amount == expect.pop("refund_amount")
        assert refund.order_id == expect.pop("order_id", refund.order_id)
    if expect.pop("no_event", False) or "skip_reason" in expect:
        (ignored,) = found.intake.ignored
        assert ignored.reason == REASONS.get(expect.pop("skip_reason", ""), ignored.reason)
        assert found.arrivals == ()
    if expect.pop("matchable", True) is False:
        (arrival,) = found.arrivals
        assert ([fact.reason.value for fact in arrival.facts], arrival.entries) == (["no_shared_event_id"], ())
        event = found.intake.readings[0].event
        assert event is not None
        assert (event.event, event.properties.currency) == (expect.pop("event"), expect.pop("currency"))
    for side in ("shop", "presentment"):
        if f"value_{side}" in expect:
            properties = ran("shopify", recorded.request(), recorded.secret, money=side).event.properties
            assert (properties.value, properties.currency) == (
                expect.pop(f"value_{side}"),
                expect.pop(f"currency_{side}"),
            )
    check(found.event if expect else None, expect)


def check(event: HashedEvent | None, expect: dict[str, Any]) -> None:
    """Compare one event with all that is left to expect."""
    for key, wanted in expect.items():
        assert event is not None
        if key == "phone_e164":
            assert event.user.phone == hashed(wanted)
        elif key == "email":
            assert event.user.email == (wanted and hashed(normalize_email(wanted) or ""))
        elif key == "event":
            assert event.canonical == wanted
        elif key == "event_id":
            assert event.event_id == wanted
        elif key in ("value", "currency"):
            assert getattr(event.properties, key) == wanted
        else:
            assert getattr(event.user, key) == wanted
