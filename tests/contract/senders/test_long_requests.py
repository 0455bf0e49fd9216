"""Requests of any length: what is too long costs itself, and nothing that TikTok cannot hold waits."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest
from tests.contract.senders.house import KEY, house_of

from fullcount.sources.registry import SENDERS


def _order(**more: Any) -> tuple[bytes, dict[str, str]]:
    """Return a paid order of Shopify with these fields, signed."""
    order = {"id": 1001, "financial_status": "paid", "total_price": "9.00", "currency": "USD", "email": "a@example.com"}
    body = json.dumps(order | more, ensure_ascii=False).encode()
    signature = b64encode(hmac.new(KEY.encode(), body, sha256).digest()).decode()
    return body, {"X-Shopify-Topic": "orders/paid", "X-Shopify-Hmac-Sha256": signature}


async def test_an_order_with_millions_of_empty_lines_is_a_purchase() -> None:
    """The first lines are sent, the rest is counted, and the value is the order's."""
    body, headers = _order(line_items=[{}] * 1_500_000)
    async with house_of({"kind": "shopify"}) as house:
        assert (await house.send(body, headers)).status == 200
        (event,) = await house.arrived()
        assert (event.event_id, event.properties.value) == ("1001", 9)


async def test_an_order_that_no_request_to_tiktok_could_hold_is_refused_once() -> None:
    """It is answered, so that the shop does not repeat it, told in the ledger, and waits in no lane."""
    words = {key: key + "é" * 900 for key in ("title", "vendor", "sku")}
    body, headers = _order(line_items=[{**words, "variant_id": number} for number in range(500)])
    async with house_of({"kind": "shopify"}) as house:
        assert (await house.send(body, headers)).status == 200
        assert await house.arrived() == []
        (fact,) = house.queue.facts
        assert (fact.outcome.value, fact.detail) == ("invalid", ": the event is too large for one request to TikTok")


@pytest.mark.parametrize("kind", sorted(SENDERS))
async def test_a_head_of_any_length_is_refused_before_it_is_looked_at(kind: str) -> None:
    """Cookies, a list of proxies or a query of megabytes: 431, and nothing breaks."""
    door = next(iter(SENDERS[kind].doors), None)
    path = "/webhooks/shop" if door is None else door.path if not door.is_pattern else "/v18.0/1/events"
    path = path.replace("{prefix}", "/fc")
    async with house_of({"kind": kind}) as house:
        for headers, query in (
            ({"Cookie": "a=b;" * 20_000}, ""),
            ({"X-Forwarded-For": "127.0.0.1," * 7_000}, ""),
            ({"Referer": "https://shop.example.com/" + "x" * 40_000}, "?" + "&" * 40_000),
        ):
            answer = await house.send(b"{}", headers, path=path + query)
            assert answer.status == 431
        assert "broke" not in house.log
