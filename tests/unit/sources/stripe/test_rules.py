"""What the settings of a Stripe source leave out, ask for, rename and refuse."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.sources.fixtures import CODE
from tests.unit.sources.stripe.events import (
    PAID,
    REFUND,
    RENEWAL,
    SECRET,
    TRIAL,
    YEN,
    event,
    recorded,
    taken,
    why,
)

from fullcount.config.crosscheck import refuse_contradictions
from fullcount.config.decode import decode
from fullcount.config.schema import default_text, field_of
from fullcount.errors import ConfigError
from fullcount.sources.stripe.options import StripeOptions

PIXELS = (("store", CODE), ("outlet", "CEXAMPLE0PIXEL000002"))
PAGE = Path(__file__).parents[4] / "docs" / "sources" / "stripe.md"


def test_test_mode_goes_out_only_under_a_test_code() -> None:
    """The index's trial of the test mode is ignored; with a code it is a test event, and never recorded or known."""
    assert TRIAL.expect["skip_reason"] == "livemode false"
    assert why(recorded(TRIAL)) == ["test_order"]
    found = recorded(TRIAL, test_event_code="TEST12345")

    (entry,) = found.arrivals[0].entries
    assert (entry.lane.test_event_code, entry.event.event) == ("TEST12345", "Subscribe")
    assert (found.intake.test_event_code, found.intake.request_id) == ("TEST12345", "")
    for part in ({"envelope": {"livemode": False}}, {"livemode": False}):
        assert why(taken(event(**part))) == ["test_order"], "whichever of the two says it"
    refund = taken(event(REFUND, livemode=False), test_event_code="TEST12345")
    assert (why(refund), refund.intake.refunds) == (["test_order"], ())


def test_test_mode_is_never_live_even_when_the_codes_hour_is_over() -> None:
    """The sender's word that it is a test outlives test_until; live events are live again."""
    table = {"test_event_code": "TEST12345", "test_until": "2026-11-20T10:00:00Z"}

    (entry,) = recorded(TRIAL, **table).arrivals[0].entries
    assert entry.lane.test_event_code == "TEST12345"
    (entry,) = recorded(PAID, **table).arrivals[0].entries
    assert entry.lane.test_event_code is None


def test_connected_accounts_can_be_chosen() -> None:
    """All accounts count by default; where some are named, others and the platform's own do not."""
    body = event(envelope={"account": "acct_1"})

    assert taken(body).event.event_id == "web-order-77"
    assert taken(body, accounts=["acct_1", "acct_2"]).event.event_id == "web-order-77"
    assert why(taken(body, accounts=["acct_2"])) == ["switched_off"]
    assert why(taken(event(), accounts=["acct_2"])) == ["switched_off"]


def test_an_event_id_can_be_asked_for() -> None:
    """With event_id_required only what carries metadata.event_id counts; client_reference_id is none."""
    assert taken(event(), event_id_required=True).event.event_id == "web-order-77"
    found = taken(event(metadata={}), event_id_required=True, client_reference_as_event_id=True)
    assert why(found) == ["event_id_missing"]
    assert why(taken(event(RENEWAL), event_id_required=True, renewals=True)) == ["event_id_missing"]


@pytest.mark.parametrize("kind", ["shopify", "woocommerce", "bigcommerce", "adobe"])
def test_a_shop_platform_on_the_same_pixel_is_refused_at_start(kind: str) -> None:
    """Each order would count there and here, unless metadata.event_id is required; other pixels are not concerned."""

    def check(shop_pixel: str = "store", **stripe: Any) -> None:
        pixels = [{"name": name, "code": code, "access_token": "test-token"} for name, code in PIXELS]
        shop = {"name": "shop", "kind": kind, "key": "test-key-shop-00001", "pixels": [shop_pixel]}
        pay = {"name": "pay", "kind": "stripe", "key": SECRET, "pixels": ["store"], **stripe}
        refuse_contradictions(decode({"pixels": pixels, "sources": [shop, pay]}, {}))

    with pytest.raises(ConfigError, match="would count twice") as refused:
        check()
    assert refused.value.where == "sources[1]"
    assert "event_id_required = true" in refused.value.fix
    check(event_id_required=True)
    check(shop_pixel="outlet")


def test_names_can_be_changed_or_left_out() -> None:
    """The settings' names go by Stripe's event types; an empty one leaves the event out and says so."""
    names = {"checkout.session.completed": "CompleteRegistration", "payment_intent.succeeded": ""}

    assert taken(event(), names=names).event.event == "CompleteRegistration"
    assert why(recorded(YEN, names=names, checkout="payment_intents")) == ["switched_off"]


def test_the_page_names_every_option_with_its_default() -> None:
    """docs/sources/stripe.md has a row for each key that this kind alone takes."""
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert rows == {key: default_text(field_of(StripeOptions, key)) for key in StripeOptions.__struct_fields__}
