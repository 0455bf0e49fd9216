"""Stripe against the gateway over real HTTP: its own library signs, rolls secrets, repeats; and whatever else comes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import stripe
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.senders.house import SenderHouse, house_of
from tests.unit.sources.fixtures import NOW, fixture
from tests.unit.sources.mutants import mutated

PAID = fixture("stripe/checkout_session_completed.json")
UNPAID = fixture("stripe/checkout_session_completed_unpaid.json")
LATER = fixture("stripe/checkout_session_async_succeeded.json")
REFUND = fixture("stripe/charge_refunded_partial.json")
SECRET, NEXT_SECRET = "whsec_test_0000000000000001", "whsec_test_0000000000000002"
PAY = {"kind": "stripe", "key": SECRET}


def delivery(body: bytes, secret: str = SECRET, at: float = NOW) -> dict[str, Any]:
    """Return a delivery of this body, signed by Stripe's own library."""
    made = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, timestamp=int(at))
    return {"body": body, "headers": {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": made}}


def changed(sample: bytes = PAID.body, **changes: Any) -> bytes:
    """Return a recorded event with some fields of its object changed, printed as Stripe prints it."""
    whole = json.loads(sample)
    whole["data"]["object"] |= changes
    return json.dumps(whole, indent=2).encode()


async def test_a_session_that_stripes_library_signed_is_counted_once() -> None:
    """200 and one delivery; the same event again, newly signed, and another event of the same sale make none."""
    async with house_of(PAY) as house:
        again = json.loads(PAID.body) | {"id": "evt_another"}
        for request in (delivery(PAID.body), delivery(PAID.body, at=NOW + 60), delivery(json.dumps(again).encode())):
            answer = await house.send(**request)
            assert (answer.status, answer.json) == (200, {})
        assert [event.event_id for event in await house.arrived()] == ["web-order-77"]
        assert house.queue.counts["duplicate"] == 2


async def test_our_verdict_of_a_signature_is_that_of_stripes_library() -> None:
    """Right, wrong, rolled, of the future and of several schemes: both say the same of each header."""
    right = delivery(PAID.body)["headers"]["Stripe-Signature"]
    rolled = delivery(PAID.body, NEXT_SECRET)["headers"]["Stripe-Signature"].replace(f"t={int(NOW)},", "")
    heads = [
        right,
        f"{right},{rolled}",
        f"t={int(NOW)},v1={'0' * 64},{right.partition(',')[2]},v0={'0' * 64}",
        f"t={int(NOW)},{rolled}",
        right.replace("v1=", "v0="),
        right.replace(f"t={int(NOW)}", f"t={int(NOW) + 1}"),
        delivery(PAID.body, at=NOW + 86_400)["headers"]["Stripe-Signature"],
        "t=1",
        "",
    ]
    async with house_of(PAY) as house:
        for head in heads:
            try:
                theirs = stripe.WebhookSignature.verify_header(PAID.body, head, SECRET)
            except stripe.SignatureVerificationError:
                theirs = False
            answer = await house.send(PAID.body, {"Stripe-Signature": head})
            assert answer.status == (200 if theirs else 401), head


async def test_what_is_not_authentic_is_refused_without_a_hint() -> None:
    """A stranger's secret, no header, an old signature, and the right one over another body: all the same 401."""
    async with house_of(PAY) as house:
        answers = [
            await house.send(**delivery(PAID.body, "whsec_test_of_a_stranger")),
            await house.send(PAID.body),
            await house.send(**delivery(PAID.body, at=NOW - 301)),
            await house.send(**{**delivery(PAID.body), "body": changed(amount_total=1)}),
        ]
        assert [answer.status for answer in answers] == [401] * 4
        assert len({answer.body for answer in answers}) == 1
        assert b"signature" not in answers[0].body.lower()
        assert await house.arrived() == []


async def test_a_secret_is_rolled_without_a_gap() -> None:
    """With both secrets in the settings either signs, and Stripe's header with two signatures is taken once."""
    async with house_of({**PAY, "key": [SECRET, NEXT_SECRET]}) as house:
        both = delivery(PAID.body)
        both["headers"]["Stripe-Signature"] += (
            "," + delivery(PAID.body, NEXT_SECRET)["headers"]["Stripe-Signature"].partition(",")[2]
        )
        for request in (both, delivery(UNPAID.body), delivery(LATER.body, NEXT_SECRET)):
            assert (await house.send(**request)).status == 200
        assert [event.event_id for event in await house.arrived()] == ["web-order-77", "cs_live_fixture002"]


async def test_what_the_store_refused_is_repeated_and_counted_once() -> None:
    """Stripe repeats after a 503, each time newly signed, and once more although it was taken: one sale, one refund."""
    async with house_of(PAY) as house:
        for body in (PAID.body, REFUND.body):
            house.queue.refusals = 2
            attempts = [await house.send(**delivery(body, at=NOW + 60 * number)) for number in range(4)]
            assert [answer.status for answer in attempts] == [503, 503, 200, 200]
        assert [event.event_id for event in await house.arrived()] == ["web-order-77"]
        (refund,) = house.queue.refunds.values()
        assert (refund.order_event_id, refund.amount, refund.currency) == ("pi_fixture1", 20.0, "USD")


async def test_two_refunds_of_a_charge_are_two_in_any_order() -> None:
    """Sums of 10 and then 30 are refunds of 10 and 20, whichever is heard of first and however often."""
    first = json.loads(REFUND.body) | {"id": "evt_first"}
    first["data"] = {
        "object": {**first["data"]["object"], "amount_refunded": 1000},
        "previous_attributes": {"amount_refunded": 0},
    }
    async with house_of(PAY) as house:
        for body in (REFUND.body, json.dumps(first).encode(), REFUND.body):
            assert (await house.send(**delivery(body))).status == 200
        assert sorted(refund.amount for refund in house.queue.refunds.values()) == [10.0, 20.0]


async def test_what_was_ignored_by_a_setting_is_read_afresh() -> None:
    """An event that the test mode kept out is not remembered as taken: it can be sent again once there is a code."""
    body = json.dumps(json.loads(PAID.body) | {"livemode": False}).encode()
    async with house_of(PAY) as house:
        for _ in range(2):
            assert (await house.send(**delivery(body))).status == 200
        assert {fact.reason.value for fact in house.queue.facts} == {"test_order"}
        assert house.queue.counts["ignored"] == 2
    async with house_of({**PAY, "test_event_code": "TEST12345"}) as house:
        assert (await house.send(**delivery(body))).status == 200
        ((lane, _),) = await house.house.deliveries()
        assert lane.test_event_code == "TEST12345"


async def test_what_means_nothing_is_answered_200_and_counted() -> None:
    """Other types, thin events and odd ones: no repetition is asked for, and each has its reason."""
    bodies = [
        b'{"object":"event","type":"customer.created","data":{"object":{}}}',
        b'{"object":"v2.core.event","type":"v2.core.account.updated"}',
        b'{"object":"event","type":"charge.refunded"}',
        b"{}",
    ]
    async with house_of(PAY) as house:
        for body in bodies:
            assert (await house.send(**delivery(body))).status == 200
        assert [fact.reason.value for fact in house.queue.facts] == [
            "unknown_topic",
            "unreadable_notice",
            "unreadable_notice",
            "unknown_topic",
        ]


async def test_a_body_that_is_no_event_is_a_400() -> None:
    """Signed, and no JSON object: the reader hears that it cannot be read."""
    async with house_of(PAY) as house:
        for body in (b"", b"[1]", b"not json"):
            assert (await house.send(**delivery(body))).status == 400


async def test_a_large_invoice_is_one_event() -> None:
    """10,000 lines of 5 MB: the value stays that of all, the first items are sent, one delivery."""
    invoice = fixture("stripe/invoice_paid_renewal.json").body
    line = {"amount": 100, "quantity": 1, "description": "x" * 500}
    body = changed(invoice, lines={"data": [line] * 10_000}, amount_paid=1_000_000)
    assert len(body) > 5_000_000
    async with house_of({**PAY, "renewals": True}) as house:
        assert (await house.send(**delivery(body))).status == 200
        (event,) = await house.arrived()
        assert event.properties.value == 10_000.0
        assert 0 < len(event.properties.contents) < 10_000


async def post_all(house: SenderHouse, bodies: list[Any]) -> None:
    """Post each body, signed, and see that nothing breaks."""
    for body in bodies:
        answer = await house.send(**delivery(json.dumps(body).encode()))
        assert answer.status < 500, house.log
    assert "broke" not in house.log


@settings(max_examples=5, deadline=None)
@given(bodies=st.lists(mutated(json.loads(PAID.body)) | mutated(json.loads(REFUND.body)), min_size=10, max_size=10))
def test_no_body_is_answered_with_a_5xx(bodies: list[Any]) -> None:
    """Signed events with anything in them are taken or refused, and nothing breaks."""

    async def serve() -> None:
        async with house_of(PAY) as house:
            await post_all(house, bodies)

    asyncio.run(serve())


async def test_who_refused_at_the_sale_is_not_told_of_by_its_refund() -> None:
    """A charge has metadata of its own, without the answer: it is remembered by the payment intent."""
    table = {**PAY, "refund_event": "Refund"}
    for answer, sent in (("denied", []), ("granted", ["CompletePayment", "Refund"])):
        async with house_of(table, remembers=True) as house:
            sale = changed(payment_intent="pi_test_1", metadata={"fullcount_consent": answer})
            refund = changed(REFUND.body, payment_intent="pi_test_1", metadata={})
            for body in (sale, refund):
                assert (await house.send(**delivery(body))).status == 200
            assert sorted(event.event for event in await house.arrived()) == sent
