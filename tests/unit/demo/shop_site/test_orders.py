"""The shop's orders, and the webhook that tells of them, as the gateway's own sender reads it."""

from __future__ import annotations

import msgspec

from fullcount.demo.shop_site.goods import GOODS, Cart
from fullcount.demo.shop_site.office import buyer_of, notes_of
from fullcount.demo.shop_site.orders import ID_TEMPLATE, TOPIC, Buyer, Order, signature_of, webhook_body
from fullcount.demo.shop_site.visits import Visit
from fullcount.sources.sender import Rules
from fullcount.sources.source import RawRequest
from fullcount.sources.woocommerce import WooCommerce

BUYER = Buyer("Ada", "Beispiel", "ada@example.com", "+49 171 3920012", "DE", "203.0.113.7", "Mozilla/5.0 (test)")
LANDING = "http://127.0.0.1:8000/products/headphones?ttclid=E.C.P.test-click"
ORDER = Order(
    order_id="1001",
    placed_at=1_795_000_000.5,
    lines=((GOODS["headphones"], 1), (GOODS["case"], 2)),
    buyer=BUYER,
    notes={"fullcount_consent": "granted", "_wc_order_attribution_session_entry": LANDING},
)
RULES = Rules(name="shop", keys=("test-secret",), id_template=ID_TEMPLATE, default_country="DE")


def _request(order: Order, secret: str = "test-secret") -> RawRequest:
    body = webhook_body(order)
    headers = {"x-wc-webhook-topic": TOPIC, "x-wc-webhook-signature": signature_of(body, secret)}
    return RawRequest(body=body, headers=headers, method="POST", path="/webhooks/shop", received_at=1_795_000_001.0)


def test_the_gateway_takes_the_webhook_as_the_order_s_purchase() -> None:
    """Signature, event_id, money, items, buyer, consent and landing page are what the page tells, too."""
    sender = WooCommerce()
    assert sender.admits(_request(ORDER), RULES)
    (reading,) = sender.read(_request(ORDER), RULES).readings
    event = reading.event
    assert event is not None
    assert (event.event, event.event_id, event.consent) == ("Purchase", ORDER.event_id, "granted")
    assert event.event_time == 1_795_000_000
    told = ORDER.properties()
    assert (event.properties.value, event.properties.currency) == (told["value"], told["currency"]) == (128.99, "EUR")
    assert event.properties.contents is not None
    assert [each.content_id for each in event.properties.contents] == [each["content_id"] for each in told["contents"]]
    assert event.user.ip == BUYER.ip
    assert event.page.url == LANDING


def test_another_secret_does_not_open_the_gateway() -> None:
    """Nobody but the shop can tell of an order."""
    assert not WooCommerce().admits(_request(ORDER, "test-other-secret"), RULES)


def test_an_order_notes_only_what_is_known() -> None:
    """Without an answer, a visitor cookie or a landing page there is nothing to note."""
    silent = Visit("v")
    silent.switches = msgspec.structs.replace(silent.switches, consent="ask")

    assert notes_of(silent, {}) == {}
    assert notes_of(silent, {"_fc": "visitor-1", "other": "x"}) == {"fullcount_visitor": "visitor-1"}


def test_a_checkout_is_read_as_it_was_typed() -> None:
    """Blanks around it go, what is missing is empty, and nothing is endless."""
    buyer = buyer_of({"email": " ada@example.com ", "first_name": "x" * 1000, "ip": "forged"}, "203.0.113.7", "UA")

    assert (buyer.email, buyer.phone, len(buyer.first_name)) == ("ada@example.com", "", 200)
    assert (buyer.ip, buyer.user_agent) == ("203.0.113.7", "UA")
    assert "ada" not in repr(buyer)


def test_a_cart_has_a_bottom() -> None:
    """What is not sold does not get in, and nobody carries more than nine of one good."""
    cart = Cart().with_one_more("no-such-good")
    assert cart.lines == ()
    for _ in range(12):
        cart = cart.with_one_more("case")
    assert cart.lines == ((GOODS["case"], 9),)
