"""One event's way to the queue's door: which deliveries it makes, and why it makes none."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.pipeline.travelling import NOW, OTHER, OUTLET, SNIPPET, STORE, arrive, purchase, terms

from fullcount.consent.decision import ConsentRule
from fullcount.events.key import event_key
from fullcount.events.model import EventSource
from fullcount.events.reading import read_event
from fullcount.pipeline.terms import PixelTerms
from fullcount.pipeline.travel import travel
from fullcount.queue.outcomes import Outcome, Reason
from fullcount.sources.receipt import PIXEL_NOT_ALLOWED, Result
from fullcount.sources.source import Intake

DAY = 86_400


def test_a_right_event_makes_one_delivery_for_each_pixel() -> None:
    """Each pixel of the source gets its own entry, on its own lane and under its own key."""
    arrival = arrive(purchase(), terms(STORE, OUTLET))

    assert arrival.result.result is Result.ACCEPTED
    assert [(entry.pixel, entry.lane.pixel_code) for entry in arrival.entries] == [
        ("store", STORE.code),
        ("outlet", OUTLET.code),
    ]
    assert len({entry.key for entry in arrival.entries}) == 2
    assert {entry.source for entry in arrival.entries} == {"backend"}


@pytest.mark.parametrize("named", ["outlet", OUTLET.code])
def test_an_event_may_name_its_pixel(named: str) -> None:
    """A pixel named by its setting's name or its code is the only one."""
    assert [entry.pixel for entry in arrive(purchase(pixel=named), terms(STORE, OUTLET)).entries] == ["outlet"]


def test_the_envelopes_pixel_wins() -> None:
    """What the envelope names is meant, whatever the event says."""
    arrival = arrive(purchase(pixel="store"), terms(STORE, OUTLET), code=OUTLET.code)

    assert [entry.pixel for entry in arrival.entries] == ["outlet"]


@pytest.mark.parametrize(("named", "code"), [("nowhere", None), (None, "CEXAMPLE0PIXEL000009"), (None, "store")])
def test_a_foreign_pixel_is_a_problem(named: str | None, code: str | None) -> None:
    """A pixel that is not the source's refuses the event; an envelope's code is a code and no name."""
    arrival = arrive(purchase(pixel=named), terms(STORE), code=code)

    assert arrival.result.result is Result.REJECTED
    assert [problem.code for problem in arrival.result.problems] == [PIXEL_NOT_ALLOWED]


@pytest.mark.parametrize(
    ("name", "window_days"), [("Purchase", 90), ("CompletePayment", 90), ("AddToCart", 7), ("MyOwnEvent", 7)]
)
def test_purchases_are_remembered_for_90_days_and_the_rest_for_7(name: str, window_days: int) -> None:
    """The canonical name decides how long a key is remembered."""
    (entry,) = arrive(purchase(event=name), terms()).entries

    assert (entry.window_seconds, entry.claims_key) == (window_days * DAY, True)
    assert entry.event.event == name


@pytest.mark.parametrize(
    ("pixel", "changes", "test", "hold_seconds"),
    [
        (SNIPPET, {}, None, 15.0),
        (SNIPPET, {"event": "CompletePayment"}, None, 15.0),
        (SNIPPET, {"event": "AddToCart"}, None, None),
        (SNIPPET, {"event_source": "offline"}, None, None),
        (SNIPPET, {}, "TEST1", None),
        (STORE, {}, None, None),
        (msgspec.structs.replace(SNIPPET, merge_events=frozenset({"AddToCart"})), {"event": "AddToCart"}, None, 15.0),
    ],
)
def test_only_what_has_another_half_to_wait_for_is_held(
    pixel: PixelTerms, changes: dict[str, Any], test: str | None, hold_seconds: float | None
) -> None:
    """Held is a web event of the merge list on a pixel with our snippet, and never a test event."""
    (entry,) = arrive(purchase(**changes), terms(pixel), test=test).entries

    assert entry.hold_seconds == hold_seconds


def test_a_test_event_claims_no_key_and_nothing_guards_it() -> None:
    """Under a test code an event goes out at once, observed or not, doubled or not."""
    other = terms(OTHER, is_observed=True)
    (entry,) = arrive(purchase(event="AddToCart", event_id=None), other, test="TEST1").entries

    assert (entry.lane.test_event_code, entry.claims_key, entry.hold_seconds) == ("TEST1", False, None)


def test_a_sources_own_test_code_applies() -> None:
    """A source under test sends test events until its time is over."""
    under_test = terms(source_test_code="TEST1", test_until=NOW + 1)
    over = terms(source_test_code="TEST1", test_until=NOW)

    assert arrive(purchase(), under_test).entries[0].lane.test_event_code == "TEST1"
    assert arrive(purchase(), over).entries[0].lane.test_event_code is None


@pytest.mark.parametrize(
    ("changes", "is_sent"),
    [
        ({}, True),
        ({"event_id": None}, True),  # made from the order
        ({"event_id": None, "properties": {"currency": "USD", "value": 10}}, False),  # made from the content
        ({"event_id": None, "event_time": None, "properties": {"currency": "USD", "value": 10}}, False),
        ({"event": "AddToCart"}, False),
        ({"event": "CompletePayment"}, True),
        ({"event": "AddToCart", "event_source": "offline"}, True),
    ],
)
def test_a_browser_half_of_others_is_not_doubled(changes: dict[str, Any], *, is_sent: bool) -> None:
    """Next to a pixel that we do not control only server_events with an id that it can share are sent."""
    arrival = arrive(purchase(**changes), terms(OTHER))

    if is_sent:
        assert arrival.result.result is Result.ACCEPTED
    else:
        assert (arrival.result.result, arrival.result.reason) == (Result.WITHHELD, Reason.NO_SHARED_EVENT_ID)
        assert arrival.entries == ()


def test_observed_events_are_recorded_and_not_sent() -> None:
    """An observing source's events become facts under the key that they would have had."""
    arrival = arrive(purchase(), terms(STORE, is_observed=True))

    (fact,) = arrival.facts
    assert (arrival.result.result, arrival.result.reason) == (Result.WITHHELD, Reason.OBSERVE_ONLY)
    assert (fact.outcome, fact.reason, fact.pixel, fact.event_id) == (
        Outcome.WITHHELD,
        Reason.OBSERVE_ONLY,
        "store",
        "order-1",
    )
    assert fact.key == event_key(STORE.code, EventSource.WEB, None, "Purchase", "order-1")


def test_an_event_may_be_sent_to_one_pixel_and_withheld_from_another() -> None:
    """Each pixel decides for itself; the event counts as accepted if any takes it."""
    arrival = arrive(purchase(event="AddToCart"), terms(STORE, OTHER))

    assert arrival.result.result is Result.ACCEPTED
    assert [entry.pixel for entry in arrival.entries] == ["store"]
    assert [(fact.pixel, fact.reason) for fact in arrival.facts] == [("other", Reason.NO_SHARED_EVENT_ID)]


@pytest.mark.parametrize(
    ("consent", "country", "rule", "reason"),
    [
        ("denied", "US", ConsentRule.SENDER_VOUCHES, Reason.CONSENT_DENIED),
        ("opt_out", "US", ConsentRule.BY_REGION, Reason.OPT_OUT_SIGNAL),
        (None, "de", ConsentRule.BY_REGION, Reason.CONSENT_UNKNOWN),
        (None, None, ConsentRule.REQUIRED, Reason.CONSENT_UNKNOWN),
    ],
)
def test_what_consent_forbids_is_withheld_without_identifiers(
    consent: str | None, country: str | None, rule: ConsentRule, reason: Reason
) -> None:
    """A withheld event leaves its outcome with what decided it, its name and its id, also under a test code."""
    user = {"email": "customer@example.com"} | ({"country": country} if country else {})
    for test in (None, "TEST1"):
        arrival = arrive(purchase(consent=consent, user=user), terms(consent=rule), test=test)

        assert (arrival.result.result, arrival.result.reason) == (Result.WITHHELD, reason)
        assert arrival.entries == ()
        assert [fact.reason for fact in arrival.facts] == [reason]
        assert arrival.facts[0].detail
        assert "@" not in arrival.facts[0].detail


def test_the_shoppers_country_comes_before_the_sources() -> None:
    """By region, user.country decides, and the source's default_country where it is missing."""
    by_region = terms(consent=ConsentRule.BY_REGION, default_country="US")

    assert arrive(purchase(), by_region).result.result is Result.ACCEPTED
    german = purchase(user={"email": "customer@example.com", "country": "DE"})
    assert arrive(german, by_region).result.reason == Reason.CONSENT_UNKNOWN


def test_limited_data_use_sends_without_what_is_hashed() -> None:
    """`limited` sets TikTok's flag and leaves out e-mail, phone, external_id, names and postcode."""
    user = {
        "email": "customer@example.com",
        "phone": "+15550100199",
        "external_id": "customer-77",
        "first_name": "Jane",
        "zip_code": "12345",
        "ip": "203.0.113.42",
        "user_agent": "UA",
    }
    (entry,) = arrive(purchase(consent="limited", user=user), terms()).entries
    kept = entry.event.user

    assert entry.event.limited_data_use is True
    assert (kept.email, kept.phone, kept.external_id, kept.first_name, kept.zip_code) == (None,) * 5
    assert (kept.ip, kept.user_agent) == ("203.0.113.42", "UA")


def test_an_invalid_event_leaves_a_fact_with_its_first_reason() -> None:
    """The fact names source, event and reason, and no pixel since none was reached."""
    arrival = arrive(purchase(event_time=int(NOW) - 40 * DAY), terms(STORE, OUTLET))

    (fact,) = arrival.facts
    assert (fact.outcome, fact.source, fact.pixel, fact.event, fact.event_id) == (
        Outcome.INVALID,
        "backend",
        "",
        "Purchase",
        "order-1",
    )
    assert fact.detail.startswith("event_time: too_old")
    assert arrival.result.event_id is None


IDENTIFIER = "jane.doe@example.com"


@pytest.mark.parametrize("name", [IDENTIFIER, "+1 555 010 0199", "jane doe", "x" * 5_000, ""])
def test_a_name_that_no_event_may_have_is_not_kept(name: str) -> None:
    """It could be anything, and a fact's name is a word of the ledger's tables."""
    (fact,) = arrive(purchase(event=name), terms()).facts

    assert (fact.outcome, fact.event) == (Outcome.INVALID, "(invalid)")


@pytest.mark.parametrize("before", ["order-", "+1 555 010 0199 ", "y" * 250, "y" * 5_000])
@pytest.mark.parametrize("changes", [{"event_time": 0}, {"consent": "denied"}])
def test_ids_in_facts_are_bounded_and_hold_no_identifier(before: str, changes: dict[str, Any]) -> None:
    """Invalid or withheld, an e-mail address or a phone in an id is masked, and never cut in two before."""
    (fact,) = arrive(purchase(event_id=f"{before}{IDENTIFIER}", **changes), terms()).facts

    assert len(fact.event_id) <= 256
    assert not any(word in fact.event_id for word in ("jane", "doe", "555"))


def test_a_valid_name_of_an_invalid_event_is_kept() -> None:
    """A person finds it by its name."""
    (fact,) = arrive(purchase(event="MyOwnEvent", event_time=0), terms()).facts

    assert (fact.event, fact.event_id) == ("MyOwnEvent", "order-1")


@pytest.mark.parametrize("place", ["user", "properties", "context"])
@pytest.mark.parametrize("said", ["denied", False])
def test_a_refusal_in_a_wrong_place_is_not_missed(place: str, said: object) -> None:
    """Consent in a part of the event withholds like the event's own, even against it, and a warning names the place."""
    for own in (None, "granted"):
        event = purchase(consent=own)
        event[place] = {**event.get(place, {}), "consent": said}
        arrival = arrive(event, terms())

        assert (arrival.result.reason, arrival.entries) == (Reason.CONSENT_DENIED, ())
        assert (f"{place}.consent", "consent_misplaced") in [(each.path, each.code) for each in arrival.result.problems]


@pytest.mark.parametrize(
    ("own", "beside", "reason"),
    [
        (None, "denied", Reason.CONSENT_DENIED),
        ("granted", "denied", Reason.CONSENT_DENIED),
        ("denied", "granted", Reason.CONSENT_DENIED),
        (None, "yes", Reason.CONSENT_UNKNOWN),
        (None, "granted", Reason.NONE),
        (None, None, Reason.CONSENT_UNKNOWN),
    ],
)
def test_consent_of_the_envelope_is_each_events(own: str | None, beside: str | None, reason: Reason) -> None:
    """It speaks for events that say nothing, and a refusal on either side counts."""
    reading = read_event(purchase(consent=own))
    arrival = travel(reading, Intake((reading,), consent=beside), terms(consent=ConsentRule.REQUIRED), NOW)

    assert arrival.result.reason == reason


def test_limited_data_use_leaves_out_device_ids_and_unlisted_keys() -> None:
    """What names a device or may name anybody does not go either."""
    user = {"email": "customer@example.com", "gaid": "test-gaid", "idfa": "test-idfa", "idfv": "test-idfv", "club": "a"}
    (entry,) = arrive(purchase(consent="limited", user=user), terms()).entries
    kept = entry.event.user

    assert (kept.gaid, kept.idfa, kept.idfv, kept.extra) == (None,) * 4


@given(
    consent=st.sampled_from(["granted", "denied", "opt_out", "limited", None]),
    rule=st.sampled_from(ConsentRule),
    pixels=st.lists(st.sampled_from([STORE, OUTLET, SNIPPET, OTHER]), min_size=1, unique=True),
    name=st.sampled_from(["Purchase", "AddToCart", ""]),
    test=st.sampled_from([None, "TEST1"]),
    is_observed=st.booleans(),
)
def test_every_event_ends_in_exactly_one_result(
    *, consent: str | None, rule: ConsentRule, pixels: list[PixelTerms], name: str, test: str | None, is_observed: bool
) -> None:
    """Rejected makes one fact; else each pixel has either a delivery or a fact, and never both."""
    arrival = arrive(
        purchase(consent=consent, event=name), terms(*pixels, consent=rule, is_observed=is_observed), test=test
    )

    reached = [entry.pixel for entry in arrival.entries] + [fact.pixel for fact in arrival.facts]
    if arrival.result.result is Result.REJECTED:
        assert reached == [""]
    else:
        assert sorted(reached) == sorted(pixel.name for pixel in pixels)
        assert (arrival.result.result is Result.ACCEPTED) == bool(arrival.entries)
        assert (arrival.result.reason == Reason.NONE) == bool(arrival.entries)


@pytest.mark.parametrize(
    ("name", "source", "mapped", "sent"),
    [
        ("Purchase", "web", True, "CompletePayment"),
        ("Purchase", "web", False, "Purchase"),
        ("Purchase", "app", True, "Purchase"),
        ("SubmitForm", "web", True, "Lead"),
        ("AddToCart", "web", True, "AddToCart"),
    ],
)
def test_mapped_names_are_spelled_as_the_pixel_says(name: str, source: str, sent: str, *, mapped: bool) -> None:
    """Where the names are ours, purchases and leads go out as the browser half spells them; others as they came."""
    reading = read_event(purchase(event=name, event_source=source, app={"app_id": "1"}))
    (entry,) = travel(reading, Intake((reading,), are_names_mapped=mapped), terms(), NOW).entries

    assert entry.event.event == sent
