"""BigCommerce's notices: which are looked into, which mean nothing, and which are the shop's at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook
from tests.unit.sources.bigcommerce.shop import (
    BIGCOMMERCE,
    CREATED,
    FETCHES,
    ITEM,
    SECRET,
    SIGNED_AT,
    STATUS,
    headers,
    notice,
    rules,
    signed,
    taken,
    why,
)
from tests.unit.sources.fixtures import NOW, ran

from fullcount.sources.sender import Rules
from fullcount.sources.source import RawRequest


@pytest.mark.parametrize("sample", [CREATED, STATUS], ids=lambda each: each.file)
def test_a_thin_notice_is_kept_to_be_looked_into(sample: Any) -> None:
    """The recorded notices are authentic, make no event, and ask for the order and its products with the token."""
    found = ran("bigcommerce", sample.request(received_at=SIGNED_AT), SECRET, **FETCHES)

    assert found.is_authentic
    (kept,) = found.intake.notices
    assert (found.intake.readings, found.intake.ignored) == ((), ())
    assert kept.notice_id == found.intake.request_id == json.loads(sample.body)["hash"]
    assert kept.event_id == "250"
    order, products = BIGCOMMERCE.questions(kept.body, rules())
    assert order.url == "https://api.bigcommerce.com/stores/fixture1/v2/orders/250"
    assert products.url == f"{order.url}/products?limit=250"
    assert order.headers["X-Auth-Token"] == "test-token"
    assert "test-token" not in repr([order, rules().options, kept])


def test_the_same_body_is_the_same_notice_and_another_hash_is_another() -> None:
    """A repeated notice is known by its hash; one without a hash by what it tells."""
    first, again = taken(notice()), taken(notice())
    assert first.intake.notices[0].notice_id == again.intake.notices[0].notice_id

    def known_as(**changes: Any) -> str:
        return taken(notice() | {"hash": None} | changes).intake.notices[0].notice_id

    assert known_as() == known_as()
    assert len({known_as(), known_as(created_at=1), known_as(scope="store/order/updated")}) == 3


def test_what_cannot_be_fetched_is_told_so() -> None:
    """Without a token a thin notice is unreadable, and a person is told what to set."""
    found = ran("bigcommerce", signed(CREATED.body), SECRET)

    assert why(found) == ["unreadable_notice"]
    assert "api_token" in found.intake.ignored[0].detail
    assert found.intake.request_id == "", "it is read afresh once there is a token"


@pytest.mark.parametrize(
    "named", [None, "", "250/../../v3/customers", "25O", "٢٥٠", [250], {"id": 250}, "9" * 30, True, -1]
)
def test_only_a_number_goes_into_a_path_of_the_api(named: object) -> None:
    """Whatever else stands as the order's id, nothing is asked for."""
    assert why(taken(notice(id=named))) == ["unreadable_notice"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(11, None), (2, None), (1, "not_paid"), (7, "not_paid"), (5, "cancelled"), (4, "already_counted"), ("x", None)],
)
def test_a_new_status_that_means_nothing_is_not_fetched(status: object, expected: str | None) -> None:
    """The notice of a status names the new one, so that the API is asked only about what may be a sale."""
    body = notice("store/order/statusUpdated", status={"previous_status_id": 0, "new_status_id": status})
    found = taken(body)

    assert [each.reason for each in found.intake.ignored] == ([expected] if expected else [])
    assert len(found.intake.notices) == (expected is None)
    assert taken(body, paid_statuses=[1, 2, 4, 5, 7, 11]).intake.notices


def test_another_stores_notice_is_not_looked_into() -> None:
    """The API account is that of one store; a notice of another is said to be so."""
    assert why(taken(notice() | {"producer": "stores/other"})) == ["unreadable_notice"]
    assert taken(notice() | {"producer": None}).intake.notices


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("store/order/message/created", "unknown_topic"),
        ("store/product/updated", "unknown_topic"),
        ("", "unknown_topic"),
        ("store/cart/created", "no_event"),
        ("store/cart/lineItem/created", "switched_off"),
        ("store/customer/created", "switched_off"),
        ("store/cart/converted", "completed_checkout"),
    ],
)
def test_other_scopes_make_no_event(scope: str, expected: str) -> None:
    """Each is counted as ignored with its reason."""
    assert why(taken(notice(scope))) == [expected]


def test_an_item_in_a_cart_is_an_event_only_with_memory() -> None:
    """The recorded item names nobody: with carts it is an AddToCart that visitor memory alone makes worth sending."""
    assert why(ran("bigcommerce", ITEM.request(received_at=SIGNED_AT), SECRET)) == ["switched_off"]
    found = ran("bigcommerce", ITEM.request(received_at=SIGNED_AT), SECRET, carts=True, shop_url="https://shop.example")

    (reading,) = found.intake.readings
    assert reading.is_lost_alone
    assert reading.event is not None
    assert (reading.event.event, reading.event.event_id) == ("AddToCart", "be5c2d0e-0000-4000-8000-000000000001")
    assert ("cart_token", "09346904-0000-4000-8000-000000000002") in [
        (tie.kind.value, tie.value) for tie in reading.ties
    ]
    (arrival,) = found.arrivals
    assert (arrival.entries, arrival.result.reason) == ((), "no_shared_event_id")


def test_an_item_may_be_left_out_by_its_name() -> None:
    """An empty name in the source's table goes before the switch for carts."""
    assert why(
        ran("bigcommerce", ITEM.request(received_at=SIGNED_AT), SECRET, carts=True, names={"AddToCart": ""})
    ) == ["switched_off"]


def test_a_converted_cart_ties_its_visitor_to_the_order() -> None:
    """Whoever was known by the cart is known by the order from then on."""
    found = taken(notice("store/cart/converted", id="cart-1", orderId=250))

    (sighting,) = found.intake.sightings
    assert [(tie.kind.value, tie.value) for tie in sighting.ties] == [("cart_token", "cart-1"), ("order_id", "250")]
    assert taken(notice("store/cart/converted", id="cart-1")).intake.sightings == ()


def admits(request: RawRequest, *keys: str, **options: Any) -> bool:
    """Say whether a delivery is authentic."""
    return BIGCOMMERCE.admits(request, Rules(name="shop", keys=keys or (SECRET,), options=rules(**options).options))


def test_a_signature_is_standard_webhooks_with_the_raw_secret() -> None:
    """What that library signs is taken, beside others in the list, under one of several keys; nothing else is."""
    request = signed(b"{}")
    right = request.header("webhook-signature")

    def with_headers(**changed: str) -> RawRequest:
        given = {**request.headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
        return RawRequest(body=b"{}", headers=given, received_at=NOW)

    assert admits(request)
    assert admits(request, "test-other", SECRET)
    assert admits(with_headers(webhook_signature=f"v1,AAAA v2,{right[3:]} {right}"))
    assert not admits(request, "test-other")
    assert not admits(with_headers(webhook_signature=f"v2,{right[3:]}"))
    assert not admits(with_headers(webhook_id="msg_other"))
    assert not admits(with_headers(webhook_timestamp=str(int(NOW) + 1)))
    assert not admits(with_headers(webhook_signature=""))
    assert not admits(RawRequest(body=b"{} ", headers=request.headers, received_at=NOW))
    empty = {"webhook-id": "m", "webhook-timestamp": str(int(NOW)), "webhook-signature": "v1,"}
    assert not admits(RawRequest(body=b"{}", headers=empty, received_at=NOW), "")


def test_a_signature_without_an_id_is_none() -> None:
    """Standard Webhooks signs the id, too: an empty one is no platform's, even under the right secret."""
    made = Webhook(SECRET.encode()).sign("", datetime.fromtimestamp(NOW, tz=UTC), "{}")
    nameless = {"webhook-timestamp": str(int(NOW)), "webhook-signature": made}
    assert not admits(RawRequest(body=b"{}", headers=nameless, received_at=NOW))


def test_a_signatures_time_may_be_five_minutes_off_either_way() -> None:
    """As the library has it; another tolerance by the settings, or none."""
    for away, options, expected in [
        (300, {}, True),
        (-300, {}, True),
        (301, {}, False),
        (-301, {}, False),
        (3_000, {"tolerance_seconds": 3_600}, True),
        (10**8, {"tolerance_seconds": 0}, True),
    ]:
        request = RawRequest(body=b"{}", headers=headers(b"{}", at=NOW - away), received_at=NOW)
        assert admits(request, **options) is expected, away


def test_a_header_of_ones_own_is_as_good_as_a_signature() -> None:
    """The named header with one of the keys; a header that the settings do not name opens nothing."""

    def shown(value: str, name: str = "x-fullcount-key") -> RawRequest:
        return RawRequest(body=b"{}", headers={name: value}, received_at=NOW)

    assert admits(shown("test-key-1"), "test-key-0", "test-key-1", header="X-Fullcount-Key")
    assert not admits(shown("test-key-1"), "test-key-1")
    assert not admits(shown("test-key-2"), "test-key-1", header="X-Fullcount-Key")
    assert not admits(shown(""), "", header="X-Fullcount-Key")
    assert not admits(shown("test-key-1", "x-other"), "test-key-1", header="X-Fullcount-Key")
    assert admits(signed(b"{}"), header="X-Fullcount-Key"), "a signed hook beside those with the header"
