"""A BigCommerce shop's recorded notices and order, others made of them, and a source that reads them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from standardwebhooks import Webhook
from tests.unit.sources.fixtures import NOW, Ran, fixture, ran

from fullcount.events.model import Event
from fullcount.sources.bigcommerce.options import BigCommerceOptions
from fullcount.sources.bigcommerce.sender import BigCommerce
from fullcount.sources.fetching import Response
from fullcount.sources.payload import encode
from fullcount.sources.sender import Rules
from fullcount.sources.source import Intake, RawRequest

SECRET = "bc_fixture_client_secret"
SIGNED_AT = 1_795_169_744.0
CREATED = fixture("bigcommerce/order_created.json")
STATUS = fixture("bigcommerce/order_status_updated.json")
ITEM = fixture("bigcommerce/cart_lineitem_created.json")
ORDER = fixture("bigcommerce/api_order_v2.json")
FETCHES: dict[str, Any] = {"api_token": "test-token", "store_hash": "fixture1"}
BIGCOMMERCE = BigCommerce()


def hashed(value: str) -> str:
    """Return the SHA-256 of a value that is normalised already."""
    return sha256(value.encode()).hexdigest()


def headers(body: bytes, secret: str = SECRET, at: float = NOW) -> dict[str, str]:
    """Return the headers of a delivery, signed by the Standard Webhooks library."""
    signature = Webhook(secret.encode()).sign("msg_test", datetime.fromtimestamp(at, tz=UTC), body.decode())
    return {"webhook-id": "msg_test", "webhook-timestamp": str(int(at)), "webhook-signature": signature}


def signed(body: bytes, **kept: Any) -> RawRequest:
    """Return a delivery of this body, signed now."""
    return RawRequest(body=body, headers=headers(body, **kept), received_at=NOW)


def notice(scope: str = "store/order/created", **data: Any) -> dict[str, Any]:
    """Return a notice of this scope."""
    body: dict[str, Any] = json.loads(CREATED.body)
    return body | {"scope": scope, "data": body["data"] | data}


def order(**changes: Any) -> dict[str, Any]:
    """Return the recorded order with some of its fields changed."""
    return {**json.loads(ORDER.body), **changes}


def taken(body: object, **settings: Any) -> Ran:
    """Run a signed delivery of this body through a source that can fetch."""
    return ran("bigcommerce", signed(encode(body)), SECRET, **{**FETCHES, **settings})


def enriched(**changes: Any) -> Ran:
    """Run a delivery with the whole order in it through a source that cannot fetch."""
    settings = {key: changes.pop(key) for key in list(changes) if key.startswith("set_")}
    body = encode({"scope": "store/order/updated", "data": order(**changes)})
    return ran("bigcommerce", signed(body), SECRET, **{key[4:]: value for key, value in settings.items()})


def why(found: Ran) -> list[str]:
    """Return why the delivery made no event."""
    assert not found.arrivals
    return [each.reason for each in found.intake.ignored]


def rules(**options: Any) -> Rules:
    """Return rules of a source that can fetch."""
    beside = {
        key: options.pop(key) for key in ("refund_event", "test_event_code", "id_template", "names") if key in options
    }
    return Rules(name="shop", keys=(SECRET,), options=BigCommerceOptions(**{**FETCHES, **options}), **beside)


def fetched(body: object, *answers: object, **options: Any) -> Intake:
    """Take a notice and give the API's answers to what it asks; a number is a status without a body."""
    given = rules(**options)
    (kept,) = BIGCOMMERCE.read(signed(encode(body)), given).notices
    responses = [Response(each) if isinstance(each, int) else Response(200, encode(each)) for each in answers]
    assert len(BIGCOMMERCE.questions(kept.body, given)) == len(responses)
    return BIGCOMMERCE.resolve(kept.body, responses, given)


def first_event(intake: Intake) -> Event:
    """Return the one event that was read."""
    (reading,) = intake.readings
    assert reading.event is not None
    return reading.event
