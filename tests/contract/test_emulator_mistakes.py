"""The mistakes that shipped code makes: each is refused, or taken and diagnosed."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from tests.contract.emulator_client import EMAIL_HASH, NOW, Caller, body_of, purchase

from fullcount.clock import ManualClock
from fullcount.testing.emulator import DEFAULT_PIXEL

EMAIL, PHONE, CUSTOMER = "Alice_abc@gmail.com", "+12133734253", "Customer-77"
DAY = 86_400


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _user(**changes: Any) -> dict[str, Any]:
    return purchase(user={**purchase()["user"], **changes})


def _properties(**changes: Any) -> dict[str, Any]:
    return purchase(properties={**purchase()["properties"], **changes})


def _without(section: str, *keys: str) -> dict[str, Any]:
    event = purchase()
    event[section] = {name: value for name, value in event[section].items() if name not in keys}
    return event


async def _titles(caller: Caller) -> dict[str, str]:
    listed = await caller.control("diagnostics")
    return {one["title"]: one["detail"] for one in listed["diagnostics"]}


async def test_a_flawless_purchase_is_not_diagnosed() -> None:
    """What is right raises nothing, also when the person behind it is known."""
    async with Caller() as caller:
        await caller.control("people", {"emails": [EMAIL], "phones": [PHONE], "external_ids": [CUSTOMER]})
        event = _user(email=[EMAIL_HASH], phone=_sha(PHONE), external_id=_sha(CUSTOMER))
        assert (await caller.post(body_of(event)))[1]["code"] == 0
        assert await _titles(caller) == {}


KNOWN_PEOPLE_MISTAKES = [
    ({"email": _sha(EMAIL_HASH)}, "Identifier hashed twice", "user.email"),
    ({"email": _sha(EMAIL_HASH.upper())}, "Identifier hashed twice", "user.email"),
    ({"phone": _sha(_sha(PHONE))}, "Identifier hashed twice", "user.phone"),
    ({"external_id": _sha(_sha(CUSTOMER))}, "Identifier hashed twice", "user.external_id"),
    ({"email": _sha(EMAIL)}, "Hash of an unnormalised value", "user.email"),
    ({"email": _sha(f" {EMAIL.lower()} ")}, "Hash of an unnormalised value", "user.email"),
    ({"phone": _sha("12133734253")}, "Phone hashed without +", "user.phone"),
    ({"phone": ["a" * 64, _sha("0012133734253")]}, "Phone hashed without +", "user.phone"),
    ({"phone": _sha("2133734253")}, "Phone hashed without its country code", "user.phone"),
    ({"external_id": _sha(CUSTOMER.lower())}, "external_id hashed in lower case", "user.external_id"),
]


@pytest.mark.parametrize(("user", "title", "detail"), KNOWN_PEOPLE_MISTAKES)
async def test_wrong_hashes_of_known_people(user: dict[str, Any], title: str, detail: str) -> None:
    """A hash that TikTok could never match is told from a right one once the plain value is known."""
    async with Caller() as caller:
        people = {"emails": [EMAIL], "phones": [PHONE], "external_ids": [CUSTOMER]}
        assert (await caller.control("people", people))["http"] == 200
        await caller.post(body_of(_user(**user)))
        ((found, words),) = (await _titles(caller)).items()
        assert found == title
        assert words.startswith(f"{detail}: ")


async def test_a_double_hash_is_seen_when_only_the_digest_is_known() -> None:
    """Right digests may stand in for plain values."""
    async with Caller() as caller:
        await caller.control("people", {"emails": [EMAIL_HASH]})
        await caller.post(body_of(_user(email=_sha(EMAIL_HASH))))
        assert "Identifier hashed twice" in await _titles(caller)


MISTAKES = [
    (_user(email="customer@example.com"), "Unhashed identifier"),
    (_user(phone="+15550100199"), "Unhashed identifier"),
    (_user(external_id="0"), "Unhashed identifier"),
    (_user(first_name="ada"), "Unhashed identifier"),
    (_user(email="5d41402abc4b2a76b9719d911017c592"), "Malformed hash"),
    (_user(email=EMAIL_HASH.upper()), "Hash in upper case"),
    (_user(email=_sha("")), "Hash of the empty string"),
    (_user(phone=_sha("undefined")), "Hash of a placeholder"),
    (_user(phone_number="b" * 64), "Key of Events 1.0 in a 2.0 user"),
    (_user(ip="10.0.0.1"), "Private or reserved IP"),
    (_user(ip="127.0.0.1"), "Private or reserved IP"),
    (_user(ip="100.64.0.1"), "Private or reserved IP"),
    (_user(ip="fe80::1"), "Private or reserved IP"),
    (_user(ip="224.0.0.1"), "Private or reserved IP"),
    (_user(ip="203.0.113.42"), "IP from the documentation ranges"),
    (_user(ip="2001:db8::1"), "IP from the documentation ranges"),
    (_user(ip="8.8.8.888"), "Malformed IP"),
    (_user(ip="8.8.8.8, 10.0.0.1"), "Malformed IP"),
    (_without("user", "user_agent"), "Missing user agent"),
    (_without("user", "ttclid"), "ttclid in page.url but not in user"),
    (_without("user", "ttp"), "Missing ttp"),
    (_without("page", "url"), "Missing page.url"),
    (_without("properties", "value"), "Missing value on Purchase"),
    (_without("properties", "currency"), "Missing currency on Purchase"),
    (_without("properties", "content_type"), "Missing content_type"),
    (_properties(contents=[], content_ids=["1"], content_type=""), "Missing content_type"),
    (_properties(content_type="sku"), "Unknown content_type"),
    (_properties(contents=[{"price": 20.0}]), "Missing content_id"),
    (_properties(currency="BGN"), "Unsupported currency"),
    (_properties(currency="usd"), "Currency not in upper case"),
    (_properties(value=10.0), "value is not the sum of price x quantity"),
    (_properties(value=2000), "value is not the sum of price x quantity"),
    (_properties(value=-20, contents=[]), "Negative value"),
    (_properties(value="20.0"), "Number sent as text"),
    (purchase(event_time=str(NOW)), "Number sent as text"),
    (purchase(event_time=NOW - 8 * DAY), "Event older than 7 days"),
    (purchase(event_time=NOW - 29 * DAY), "Event older than 28 days"),
    (purchase(event_time=NOW + 3600), "Event in the future"),
    (purchase(event_id=""), "Missing event_id"),
    (purchase(event="purchase"), "Name differs from a standard event in case only"),
]


@pytest.mark.parametrize(("event", "title"), MISTAKES)
async def test_a_mistake_is_taken_and_diagnosed(event: dict[str, Any], title: str) -> None:
    """Code 0, the event counts, and exactly this mistake is shown with its event."""
    async with Caller() as caller:
        assert (await caller.post(body_of(event)))[1]["code"] == 0
        (one,) = caller.emulator.diagnostics()
    assert (one["title"], one["event"], one["event_id"], one["pixel_code"], one["count"]) == (
        title,
        event["event"],
        event["event_id"],
        DEFAULT_PIXEL,
        1,
    )
    assert one["level"] in ("error", "warning", "info")
    assert one["evidence"] in ("official", "official code", "third party", "guess")


async def test_no_match_key_at_all() -> None:
    """An event that nobody can be matched to is an error, with or without a user."""
    for event in (purchase(user={"ip": "8.8.8.8"}), purchase(user=None), purchase(user={"email": []})):
        async with Caller() as caller:
            await caller.post(body_of(event))
            assert "No match key at all" in await _titles(caller)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Checkout", "Reserved event name"),
        ("9lives", "Invalid Event Type for Custom Event"),
        ("My Event", "Invalid Event Type for Custom Event"),
        ("x" * 51, "Invalid Event Type for Custom Event"),
    ],
)
async def test_a_name_that_tiktok_takes_no_notice_of(name: str, title: str) -> None:
    """A malformed or reserved name is code 0, diagnosed, and counts nowhere."""
    async with Caller() as caller:
        assert (await caller.post(body_of(purchase(event=name))))[1]["code"] == 0
        assert title in await _titles(caller)
        state = await caller.control("state")
        assert (state["counted"], state["dropped"]) == (0, 1)


async def test_app_names_are_standard_in_apps() -> None:
    """Checkout and Registration are reserved on the web and standard in apps."""
    async with Caller() as caller:
        body = body_of(purchase(event="Checkout", app={"app_id": "1"}), event_source="app")
        assert (await caller.post(body))[1]["code"] == 0
        assert len(caller.emulator.events()) == 1


async def test_custom_names_offline_are_diagnosed() -> None:
    """Offline takes standard names only; on the web a custom name is fine."""
    async with Caller() as caller:
        await caller.post(body_of(purchase(event="MyEvent")))
        assert await _titles(caller) == {}
        await caller.post(body_of(purchase(event="MyEvent"), event_source="offline"))
        assert list(await _titles(caller)) == ["Custom event name on an offline event"]


@pytest.mark.parametrize("pixel_first", [True, False])
async def test_a_missing_event_id_beside_pixel_traffic(pixel_first: bool) -> None:  # noqa: FBT001 - a parameter
    """Whichever half comes first, an unshared event is an error as soon as both have come."""
    async with Caller() as caller:
        steps = ["pixel", "server"] if pixel_first else ["server", "pixel"]
        for step in steps:
            assert "Missing event_id while the pixel sends this event too" not in await _titles(caller)
            if step == "server":
                await caller.post(body_of(purchase(event_id="")))
            else:
                body = {"pixel_code": DEFAULT_PIXEL, "event": "CompletePayment", "event_id": "browser-1"}
                assert (await caller.control("pixel", body))["verdicts"] == ["counted"]
        assert "Missing event_id while the pixel sends this event too" in await _titles(caller)


async def test_one_event_under_two_names() -> None:
    """CompletePayment from the browser and Purchase from the server count twice, and are diagnosed."""
    async with Caller() as caller:
        caller.emulator.take_pixel_copy(DEFAULT_PIXEL, "CompletePayment", "order-1")
        await caller.post(body_of(purchase()))
        assert len(caller.emulator.events()) == 2
        assert "One event under two names" in await _titles(caller)


@pytest.mark.parametrize(
    ("properties", "detail"),
    [
        ({"order_id": "2"}, "the same event_id came with another order_id"),
        ({"order_id": "", "value": 99.0}, "the same event_id came with another value"),
    ],
)
async def test_one_event_id_for_different_orders(properties: dict[str, Any], detail: str) -> None:
    """A reused event_id loses an order: that is an error."""
    async with Caller() as caller:
        await caller.post(body_of(purchase()))
        await caller.post(body_of(_properties(**properties)))
        assert (await _titles(caller))["Mismatched event_id"].startswith(detail)


@pytest.mark.parametrize(
    ("event", "title"),
    [
        (purchase(event_id=12345), "Non-string id"),
        (_properties(contents=[{"content_id": 7}]), "Non-string id"),
        (purchase(event=None), "Missing Event Name"),
    ],
)
async def test_some_refusals_are_diagnosed_too(event: dict[str, Any], title: str) -> None:
    """Numeric ids and a missing name are refused with 40002, and stand in the diagnostics."""
    async with Caller() as caller:
        assert (await caller.post(body_of(event)))[1]["code"] == 40002
        assert title in await _titles(caller)


async def test_habits_of_a_request_are_noted() -> None:
    """A path without its slash and a content type that is not JSON are taken, with a notice."""
    async with Caller() as caller:
        headers = {"Content-Type": "text/plain"}
        assert (await caller.post(body_of(purchase()), "/open_api/v1.3/event/track", headers=headers))[1]["code"] == 0
        assert set(await _titles(caller)) == {"Path without its last slash", "Content-Type is not application/json"}


async def test_diagnostics_are_counted_not_repeated() -> None:
    """The same mistake a thousand times is one entry with its count; beyond the cap only a number is kept."""
    async with Caller(ManualClock(NOW), diagnostics_kept=1) as caller:
        events = [_user(ip="10.0.0.1") | {"event_id": f"order-{n}"} for n in range(500)]
        await caller.post(body_of(*events))
        await caller.post(body_of(purchase(event="Search", event_id="s", user={})))
        (one,) = caller.emulator.diagnostics()
        assert (one["title"], one["count"], one["event_id"]) == ("Private or reserved IP", 500, "order-0")
        assert caller.emulator.state()["diagnostics_left_out"] > 0


async def test_diagnostics_name_no_identifier() -> None:
    """What is wrong is said by field; the value itself never appears."""
    async with Caller() as caller:
        await caller.post(body_of(_user(email="customer@example.com", phone="+15550100199", ip="10.9.8.7")))
        text = str(caller.emulator.diagnostics())
    assert not any(secret in text for secret in ("customer", "555", "10.9"))
