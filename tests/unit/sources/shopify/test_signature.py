"""Who may post: the signature over the exact bytes, several secrets, and the shop that the settings name."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256

import pytest
from msgspec.structs import replace
from tests.unit.sources.shopify.shop import SECRET, SHOP, body_of, delivery, signature

from fullcount.sources.sender import Refused, Rules
from fullcount.sources.shopify.options import ShopifyOptions
from fullcount.sources.shopify.sender import Shopify
from fullcount.sources.source import RawRequest

SENDER = Shopify()
RULES = Rules(name="shop", keys=(SECRET,))
OF_SHOP = Rules(name="shop", keys=(SECRET,), options=ShopifyOptions(shop_domain=SHOP.upper()))
ORDER = delivery(body_of())


def with_headers(request: RawRequest, **headers: str) -> RawRequest:
    """Return the request with other headers; an empty one is taken out."""
    changed = {**request.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return replace(request, headers={name: value for name, value in changed.items() if value})


def test_the_signature_is_over_the_exact_bytes() -> None:
    """The signed body is admitted; the same JSON with one more blank is not."""
    assert SENDER.admits(ORDER, RULES)
    assert not SENDER.admits(replace(ORDER, body=ORDER.body + b" "), RULES)


@pytest.mark.parametrize(
    "shown",
    ["", "x", "é", signature(ORDER.body, "another-test-secret"), hmac.new(b"k", ORDER.body, sha256).hexdigest()],
)
def test_a_wrong_signature_is_refused(shown: str) -> None:
    """No, any other and a non-ASCII signature are refused alike."""
    assert not SENDER.admits(with_headers(ORDER, x_shopify_hmac_sha256=shown), RULES)


def test_each_of_several_secrets_signs() -> None:
    """While a secret is being changed, the old and the new one open; none opens nothing."""
    both = replace(RULES, keys=("test-secret-new", SECRET))
    assert SENDER.admits(ORDER, both)
    assert SENDER.admits(delivery(body_of(), secret="test-secret-new"), both)
    assert not SENDER.admits(ORDER, replace(RULES, keys=()))


def test_an_empty_body_is_never_authentic() -> None:
    """Even with the right signature of nothing."""
    assert not SENDER.admits(delivery(b""), RULES)


def test_another_shop_of_the_same_app_is_refused() -> None:
    """With shop_domain, a rightly signed delivery that names another shop, or none, is not this source's."""
    assert SENDER.admits(ORDER, OF_SHOP)
    for shop in ("other-shop.myshopify.com", ""):
        request = with_headers(ORDER, x_shopify_shop_domain=shop)
        assert not SENDER.admits(request, OF_SHOP)
        assert SENDER.admits(request, RULES)


def test_the_newer_events_are_refused_with_the_way_out() -> None:
    """Headers without X- are told apart before any secret is tried, and the answer says what to subscribe instead."""
    newer = {name.removeprefix("x-"): value for name, value in ORDER.headers.items()}
    reply = SENDER.greet(replace(ORDER, headers=newer), [RULES])
    assert reply is not None
    assert reply.status == 400
    error = json.loads(reply.body)["error"]
    assert error["code"] == "shopify_events"
    assert "webhooks" in error["fix"]
    assert SENDER.greet(ORDER, [RULES]) is None
    assert SENDER.greet(replace(ORDER, headers=newer | dict(ORDER.headers)), [RULES]) is None


def test_a_refusal_does_not_say_why() -> None:
    """A wrong signature is a 401 whose words are the same whatever was wrong."""
    reply = SENDER.answer(ORDER, Refused(401, "unauthorized", "the request is not authentic", "compare the key"))
    assert reply.status == 401
    assert b"hmac" not in reply.body.lower()


def test_the_webhook_id_names_the_request() -> None:
    """X-Shopify-Webhook-Id, the same for all retries of a delivery, becomes the intake's own id."""
    request = delivery(body_of(), x_shopify_webhook_id="a0000000-1111-4222-8333-444455556666")
    assert SENDER.read(request, RULES).request_id == "a0000000-1111-4222-8333-444455556666"
    assert SENDER.read(delivery(body_of(), "themes/publish", x_shopify_webhook_id="w-1"), RULES).request_id == "w-1"
