"""What a sender's request costs: from its raw bytes to a reading, and on to the hashed event at the queue's door."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.bench.figure import Figure
from tests.unit.sources.fixtures import NOW, Fixture, fixture, source_of

from fullcount.pipeline.travel import travel
from fullcount.sources.registry import SENDERS

REQUESTS = 2_000
# A request of each kind that makes a purchase; BigCommerce's order as the API gives it, which a notice brings here.
EXAMPLES = {
    "shopify": "shopify/orders_create_full.json",
    "woocommerce": "woocommerce/order_updated_processing.json",
    "stripe": "stripe/checkout_session_completed.json",
    "bigcommerce": "bigcommerce/api_order_v2.json",
    "adobe": "adobe_commerce/webhook_sales_order_place_after.json",
    "ga4": "ga4/g_collect_single.body.txt",
    "segment": "segment/track_order_completed.json",
    "meta": "meta_capi/purchase_json_nodesdk.json",
    "browser": "browser/beacon_purchase.json",
}


def by_kind(rounds: int) -> list[Figure]:
    """Parse to event, and parse to hashed event, for each kind of sender."""
    figures = []
    for kind in SENDERS:
        file = EXAMPLES[kind]
        read, arrive = steps_of(kind, fixture(file))
        parsed = [_cost(read) for _ in range(rounds)]
        arrived = [_cost(arrive) for _ in range(rounds)]
        note = f"hashed, checked and routed: {sorted(arrived)[rounds // 2]:.0f} us"
        figures.append(Figure(f"source {kind}: request to event", parsed, "us", note=note))
    return figures


def steps_of(kind: str, recorded: Fixture) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return what is measured: reading the request, and taking its events to the queue's door.

    Raises:
        ValueError: it makes no event, so that there is nothing to measure.
    """
    sender = SENDERS[kind]
    rules, terms = source_of(kind, recorded.secret)
    request = recorded.request(client_ip="192.0.2.44")
    if kind == "bigcommerce":
        request = recorded.request(body=b'{"scope":"store/order/updated","data":%s}' % recorded.body)
    if not sender.read(request, rules).readings:
        raise ValueError(f"the example of {kind} makes no event")

    def read() -> object:
        return sender.read(request, rules)

    def arrive() -> object:
        intake = sender.read(request, rules)
        return [travel(reading, intake, terms, NOW) for reading in intake.readings]

    return read, arrive


def _cost(step: Callable[[], object]) -> float:
    step()
    began = time.process_time()
    for _ in range(REQUESTS):
        step()
    return (time.process_time() - began) / REQUESTS * 1e6
