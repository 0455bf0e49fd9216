"""Every recorded request of the index gives what the index expects of it: no file and no expectation is left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from tests.unit.sources.fixtures import FOLDER, Fixture, fixture, fixtures, source_of

from fullcount.consent.decision import Signal, read_signal
from fullcount.events.hashed import HashedEvent
from fullcount.identity.digest import sha256_hex
from fullcount.pipeline.recall import several
from fullcount.pipeline.terms import SourceTerms
from fullcount.pipeline.travel import Identified, identified
from fullcount.sources.fetching import Fetching, Response
from fullcount.sources.receipt import Receipt
from fullcount.sources.registry import SENDERS
from fullcount.sources.reply import Reply
from fullcount.sources.sender import Refused, Rules, Taken
from fullcount.sources.source import Intake, RawRequest

NOW = 1_795_169_750.0  # five seconds after the signatures of the index that have a time
NOT_ADMITTED = Refused(401, "unauthorized", "", "")

# Which kind reads a folder's requests, with the key that they show where the index tells none, and the settings that
# its expectations are for: what is off by default, on. A folder that is not here has its kind's name and no settings.
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "shopify": ("shopify", "", {"carts": True, "registrations": True}),
    "woocommerce": ("woocommerce", "", {"registrations": True}),
    "stripe": ("stripe", "", {}),
    "ga4": ("ga4", "fixture", {"measurement_id": "G-FIXTURE001"}),
    "segment": ("segment", "WK_FIXTURE", {}),
    "meta_capi": ("meta", "FIXTURE_TOKEN", {}),
    "bigcommerce": ("bigcommerce", "", {"store_hash": "fixture1", "api_token": "test-token", "carts": True}),
    "adobe_commerce": ("adobe", "test-key", {}),
    "browser": ("browser", "pk-test", {"origins": ["shop.example.com"]}),
    "shopify_pixel": ("browser", "pk-test", {"origins": ["shop.example.com"]}),
}
# A Stripe account counts either sessions or payment intents.
OF_ONE_FILE: dict[str, dict[str, Any]] = {
    "stripe/payment_intent_succeeded_jpy.json": {"checkout": "payment_intents"},
    "stripe/payment_intent_succeeded_kwd.json": {"checkout": "payment_intents"},
}
# Files for people to upload: no route takes them, and the index expects nothing of them.
UPLOADS = "csv"


class Came(msgspec.Struct, frozen=True):
    """What a recorded request came to."""

    reply: Reply
    intake: Intake
    terms: SourceTerms
    settings: dict[str, Any]
    recorded: Fixture

    @property
    def names(self) -> list[str]:
        """The events' names, in order."""
        return [reading.name for reading in self.intake.readings if reading.event is not None]

    @property
    def events(self) -> list[HashedEvent]:
        """The events, hashed."""
        found = [identified(reading, None, self.terms, NOW) for reading in self.intake.readings]
        return [each.hashed for each in found if isinstance(each, Identified)]

    @property
    def event(self) -> HashedEvent:
        """The one event."""
        (event,) = self.events
        return event


def came(recorded: Fixture, **changed: Any) -> Came:
    """Send a recorded request as its index says, and return what became of it."""
    folder = recorded.file.partition("/")[0]
    kind, key, settings = KINDS.get(folder, (folder, "", {}))
    given = {**settings, **OF_ONE_FILE.get(recorded.file, {}), **changed}
    secret = key or recorded.secret
    rules, terms = source_of(kind, secret, NOW, **given)
    request = as_sent(recorded, kind, secret)
    reply, intake = run(kind, request, rules, recorded)
    return Came(reply, intake, terms, given, recorded)


def as_sent(recorded: Fixture, kind: str, key: str) -> RawRequest:
    """Return the request, with the key where its sender would put it if the recording has none."""
    request = recorded.request(received_at=NOW, client_ip="203.0.113.7")
    if kind == "adobe":
        return msgspec.structs.replace(request, headers={**request.headers, "x-fullcount-key": key})
    if kind == "browser" or request.path == "/data":
        door = {"browser": "/fc/e", "shopify_pixel": "/fc/s"}.get(recorded.file.partition("/")[0], request.path)
        query = "&".join(part for part in (request.query, f"key={key}") if part)
        return msgspec.structs.replace(request, path=door, query=query)
    return request


def run(kind: str, request: RawRequest, rules: Rules, recorded: Fixture) -> tuple[Reply, Intake]:
    """Return the answer and the intake, as the gateway would come to them."""
    sender = SENDERS[kind]
    nothing = Intake(())
    if recorded.file == "bigcommerce/api_order_v2.json":
        assert isinstance(sender, Fetching)
        notice = sender.read(fixture("bigcommerce/order_created.json").request(), rules).notices[0]
        intake = sender.resolve(notice.body, [Response(200, recorded.body), Response(200, b"[]")], rules)
        return sender.answer(request, Taken(intake, Receipt(()))), intake
    greeting = sender.greet(request, [rules])
    if greeting is not None:
        return greeting, nothing
    if not sender.admits(request, rules):
        return sender.answer(request, NOT_ADMITTED), nothing
    intake = sender.read(request, rules)
    return sender.answer(request, Taken(intake, Receipt(()))), intake


def one(values: Sequence[str]) -> str | None:
    """Return the one value, or None where there is none."""
    assert len(values) <= 1
    return values[0] if values else None


def digest_or_none(plain: str | None) -> str | None:
    """Return what an expected identifier is once hashed."""
    return None if plain is None else sha256_hex(plain)


# What each expectation of the index means; one that is not here fails, so that none is left out.
EXPECTED: dict[str, Callable[[Came, Any], bool]] = {
    "status": lambda came, said: came.reply.status == said,
    "event": lambda came, said: came.names == [said],
    "events": lambda came, said: came.names == said,
    "count": lambda came, said: len(came.events) == said,
    "event_id": lambda came, said: (
        [event.event_id for event in came.events] == [said]
        or [ignored.event_id for ignored in came.intake.ignored] == [said]
    ),
    "no_event": lambda came, said: (came.intake.readings == ()) is said,
    "skip_reason": lambda came, _: came.intake.readings == () and len(came.intake.ignored) == 1,
    "matchable": lambda came, said: came.intake.readings[0].is_lost_alone is not said,
    "value": lambda came, said: came.event.properties.value == said,
    "currency": lambda came, said: came.event.properties.currency == said,
    "value_shop": lambda came, said: came.event.properties.value == said,
    "currency_shop": lambda came, said: came.event.properties.currency == said,
    "value_presentment": lambda came_first, said: presented(came_first).properties.value == said,
    "currency_presentment": lambda came_first, said: presented(came_first).properties.currency == said,
    "contents": lambda came, said: list(came.event.properties.contents) == said,
    "content_id": lambda came, said: [item.content_id for item in came.event.properties.contents] == [said],
    "item_name": lambda came, said: [item.content_name for item in came.event.properties.contents] == [said],
    "ttclid": lambda came, said: came.event.user.ttclid == said,
    "ttp": lambda came, said: came.event.user.ttp == said,
    "ip": lambda came, said: came.event.user.ip == said,
    "email": lambda came, said: one(several(came.event.user.email)) == digest_or_none(said),
    "email_hash": lambda came, said: came.event.user.email == said,
    "phone": lambda came, said: came.event.user.phone == said,
    "phone_e164": lambda came, said: digest_or_none(said) in several(came.event.user.phone),
    "external_id": lambda came, said: came.event.user.external_id == said,
    "external_id_hash": lambda came, said: came.event.user.external_id == said,
    "refund_amount": lambda came, said: [refund.amount for refund in came.intake.refunds] == [said],
    "refund_total": lambda came, said: came.intake.refunds[0].refund_id.endswith(f"-{said * 100:.0f}"),
    "order_id": lambda came, said: came.intake.refunds[0].order_id == said,
    "consent": lambda came, said: (
        {read_signal(each.event.consent) for each in came.intake.readings if each.event} == {Signal(said)}
    ),
    "validationCode": lambda came, said: said.encode() in came.reply.body,
    "test_event_code": lambda came, said: came.intake.test_event_code == said,
    "limited_data_use_on": lambda came, said: [e.event_id for e in came.events if e.limited_data_use] == [said],
}


def presented(first: Came) -> HashedEvent:
    """Return the same order's event in the money that the shopper saw."""
    return came(first.recorded, money="presentment").event


def name_of(recorded: Fixture) -> str:
    """Return what a test is called."""
    return f"{recorded.file}-{recorded.expect.get('status', '')}"


@pytest.mark.parametrize("recorded", fixtures(), ids=name_of)
def test_a_recorded_request_gives_what_the_index_expects(recorded: Fixture) -> None:
    """Each expectation of a file holds, under the settings that it is for."""
    if recorded.file.startswith(f"{UPLOADS}/"):
        assert recorded.expect == {}
        return
    found = came(recorded)

    assert {key: EXPECTED[key](found, said) for key, said in recorded.expect.items()} == dict.fromkeys(
        recorded.expect, True
    )
    assert found.reply.status == recorded.expect.get("status", found.reply.status)
    assert recorded.expect.get("status", 200) < 300 or found.intake == Intake(())


def test_the_index_names_every_file() -> None:
    """A recording that no row of the index names would not be tried."""
    there = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}

    assert there - {"INDEX.json"} == {recorded.file for recorded in fixtures()}


def test_the_index_is_read_whole() -> None:
    """Every row of the index is a case here."""
    index = json.loads((FOLDER / "INDEX.json").read_text(encoding="utf-8"))

    assert len(index["fixtures"]) == len(fixtures())
