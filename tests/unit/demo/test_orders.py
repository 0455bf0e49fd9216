"""The demo's orders: seeded, plausible, and made of nothing but example data."""

from __future__ import annotations

import ipaddress
from collections import Counter

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.demo.orders import DUPLICATE_SHARE, make_arrivals, make_orders, pick_rejected

NOW = 1_795_000_000.0
EXAMPLE_NETWORKS = [ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


def test_the_same_seed_gives_the_same_orders() -> None:
    """Two runs with one seed see the same shop; another seed gives another."""
    assert make_orders(7, 50, NOW) == make_orders(7, 50, NOW)
    assert make_orders(7, 50, NOW) != make_orders(8, 50, NOW)


@pytest.mark.parametrize("seed", range(1, 11))
def test_three_hundred_orders_span_five_countries_and_three_currencies(seed: int) -> None:
    """The default demo has phones of five countries, three currencies with JPY, and ids that differ."""
    orders = make_orders(seed, 320, NOW)

    assert len({order.country for order in orders}) == 5
    assert {order.currency for order in orders} == {"USD", "EUR", "JPY"}
    assert len({order.event_id for order in orders}) == 320


def test_every_identifier_is_an_example() -> None:
    """Mail is at example domains, addresses are RFC 5737's, phones are possible numbers of their country."""
    for order in make_orders(3, 400, NOW):
        assert order.email.rpartition("@")[2] in {"example.com", "example.org", "example.net"}
        assert any(ipaddress.ip_address(order.ip) in net for net in EXAMPLE_NETWORKS)
        number = phonenumbers.parse(order.phone, order.country)
        assert phonenumbers.is_possible_number(number)
        assert number.country_code == phonenumbers.country_code_for_region(order.country)


@given(seed=st.integers(0, 10_000), count=st.integers(10, 60))
def test_the_items_sum_up_to_the_value(seed: int, count: int) -> None:
    """An order's value is the sum of price times quantity, and yen have no decimals."""
    for order in make_orders(seed, count, NOW):
        properties = order.properties()
        total = sum(item["price"] * item["quantity"] for item in properties["contents"])
        assert total == pytest.approx(properties["value"], abs=1e-6)
        assert order.currency != "JPY" or order.value == int(order.value)


@given(seed=st.integers(0, 10_000), count=st.integers(10, 400))
def test_each_order_arrives_and_some_arrive_again(seed: int, count: int) -> None:
    """Nothing is missing from the arrivals, at least a twentieth comes twice, the rejected order only once."""
    orders = make_orders(seed, count, NOW)
    times = Counter(order.order_id for order in make_arrivals(seed, orders))

    assert set(times) == {order.order_id for order in orders}
    assert sum(n - 1 for n in times.values()) >= DUPLICATE_SHARE * count
    assert times[pick_rejected(orders).order_id] == 1
    assert not pick_rejected(orders).pixel_fires


def test_an_order_hides_its_customer_in_its_repr() -> None:
    """A stray log line of an order tells its id and nothing of the person."""
    order = make_orders(1, 10, NOW)[0]

    assert order.order_id in repr(order)
    for secret in (order.email, order.phone, order.ip, order.user_agent):
        assert secret not in repr(order)
