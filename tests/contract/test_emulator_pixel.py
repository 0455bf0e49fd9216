"""The pixel's paths over HTTP, as browsers and hand-made beacons use them."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest
from tests.contract.emulator_client import NOW, Caller, body_of, purchase

from fullcount.testing.emulator import DEFAULT_PIXEL

SCRIPT, HITS = "/i18n/pixel/events.js", "/api/v2/pixel"
ORIGIN = "https://shop.example.com"


def hit(event: str = "CompletePayment", event_id: str = "order-1", **changes: Any) -> dict[str, Any]:
    """Return one hit as the pixel posts it."""
    context = {
        "ad": {"callback": "E.C.P.x"},
        "user": {"anonymous_id": "2F7h37YkS1j57AYSKTI7IHhJPYH"},
        "pixel": {"code": DEFAULT_PIXEL},
        "page": {"url": "https://shop.example.com/thanks"},
    }
    return {"event": event, "event_id": event_id, "context": context, "properties": {}, **changes}


async def post(caller: Caller, body: Any, path: str = HITS, **headers: str) -> Any:
    """Post a body as a beacon does; return TikTok's code."""
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    lines = {"Content-Type": "text/plain;charset=UTF-8", "Origin": ORIGIN, "User-Agent": "UA", **headers}
    async with caller.session.post(path, data=data, headers=lines) as answer:
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        return (await answer.json())["code"]


async def test_the_script_is_served_for_its_pixel() -> None:
    """A known pixel gets the runtime, never from a cache; an unknown one gets 404."""
    async with Caller() as caller:
        async with caller.session.get(SCRIPT, params={"sdkid": DEFAULT_PIXEL, "lib": "ttq"}) as answer:
            assert (answer.status, answer.content_type) == (200, "text/javascript")
            assert answer.headers["Cache-Control"] == "no-store"
            assert DEFAULT_PIXEL in await answer.text()
        for params in ({"sdkid": "CUNKNOWN</script>"}, {}):
            async with caller.session.get(SCRIPT, params=params) as answer:
                assert (answer.status, await answer.text()) == (404, "// Invalid pixel ID")


@pytest.mark.parametrize("content_type", ["text/plain;charset=UTF-8", "application/json", "image/png", "nonsense"])
async def test_a_hit_is_json_whatever_it_is_called(content_type: str) -> None:
    """The Content-Type does not matter, and the event is counted with the browser's address and agent."""
    async with Caller() as caller:
        assert await post(caller, hit(), **{"Content-Type": content_type}) == 0
        (event,) = (await caller.control("events"))["events"]
    assert (event["event"], event["counted_as"], event["channels"]) == ("CompletePayment", "Purchase", ["pixel"])
    assert event["event_time"] == NOW
    assert event["user"] == {
        "ttclid": "E.C.P.x",
        "ttp": "2F7h37YkS1j57AYSKTI7IHhJPYH",
        "ip": "127.0.0.1",
        "user_agent": "UA",
    }


async def test_an_image_is_a_hit_too() -> None:
    """A GET with `analytics_message` is answered with an image whatever it holds, and counts where it can be read."""
    async with Caller() as caller:
        message = base64.b64encode(msgspec.json.encode(hit())).decode()
        for given in (message, "not base64!", ""):
            async with caller.session.get(HITS, params={"analytics_message": given}) as answer:
                assert (answer.status, answer.content_type) == (200, "image/gif")
                assert (await answer.read()).startswith(b"GIF89a")
        assert (await caller.control("events"))["counted"] == 1
        kept = (await caller.control("requests"))["requests"]
    assert [(one["method"], one["path"], one["answer"]["code"]) for one in kept] == [
        ("GET", HITS, 0),
        ("GET", HITS, 40002),
        ("GET", HITS, 40002),
    ]
    assert kept[0]["body"] == hit()


async def test_a_preflight_is_answered() -> None:
    """A page may post JSON with headers of its own and with cookies."""
    async with Caller() as caller:
        lines = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-trace"}
        async with caller.session.options(HITS, headers=lines) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert answer.headers["Access-Control-Allow-Headers"] == "x-trace"
            assert "POST" in answer.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(
    ("seconds", "counted", "verdict", "enriched"),
    [
        (300, 1, "merged", True),
        (301, 1, "discarded", False),
        (48 * 3600, 1, "discarded", False),
        (48 * 3600 + 1, 2, "merged", False),
    ],
)
@pytest.mark.parametrize("first", ["pixel", "server"])
async def test_both_halves_meet_by_tiktoks_windows(
    first: str, seconds: int, counted: int, verdict: str, *, enriched: bool
) -> None:
    """Five minutes merge and enrich, 48 hours deduplicate, and then it counts again, whichever half came first."""
    server = purchase(event="CompletePayment", user={"email": "a" * 64})
    async with Caller() as caller:

        async def send(channel: str) -> None:
            if channel == "pixel":
                assert await post(caller, hit()) == 0
            else:
                assert (await caller.post(body_of(server)))[1]["code"] == 0

        await send(first)
        await caller.control("clock", {"advance_seconds": seconds})
        await send("server" if first == "pixel" else "pixel")
        listed = await caller.control("events")
        state = await caller.control("state")

    assert listed["counted"] == counted
    assert state[verdict] == (1 if counted == 1 else 0)
    user = listed["events"][0]["user"]
    assert ("email" in user and "ttp" in user) is enriched


async def test_internal_hits_are_not_counted() -> None:
    """Probes are answered like others, and only their number is kept."""
    async with Caller() as caller:
        assert await post(caller, hit("EnrichAM", "")) == 0
        assert await post(caller, hit("Metadata", "")) == 0
        automatic = {"action": "Click", "context": {"pixel": {"codes": DEFAULT_PIXEL}}}
        assert await post(caller, automatic, "/api/v2/pixel/act") == 0
        state = await caller.control("state")
        assert (state["internal_hits"], state["copies_taken"]) == (3, 0)
        assert (await caller.control("diagnostics"))["diagnostics"] == []


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (b"", "Pixel hit that cannot be read"),
        (b"event=Search", "Pixel hit that cannot be read"),
        (b"{}", "Pixel hit that cannot be read"),
        (b'{"event":"Search","pad":"' + b"x" * 2000 + b'"}', "Pixel hit that cannot be read"),
        (hit(context={"pixel": {"code": "CUNKNOWN"}}), "Invalid Pixel ID"),
        (hit(context={}), "Invalid Pixel ID"),
    ],
)
async def test_a_hit_that_cannot_be_counted_is_diagnosed(body: Any, title: str) -> None:
    """It is refused with 40002, kept among the requests, and named in the diagnostics; nothing is counted."""
    async with Caller(max_body_bytes=1000) as caller:
        assert await post(caller, body) == 40002
        assert (await caller.control("events"))["counted"] == 0
        assert [one["title"] for one in (await caller.control("diagnostics"))["diagnostics"]] == [title]
        assert (await caller.control("state"))["requests_total"] == 1


@pytest.mark.parametrize(
    ("user", "title"),
    [
        ({"email": "customer@example.com"}, "Unhashed identifier"),
        ({"phone_number": "abc" * 10}, "Malformed hash"),
        ({"external_id": "customer-7"}, "external_id in the clear from the browser"),
    ],
)
async def test_identifiers_of_a_hit_are_looked_at(user: dict[str, str], title: str) -> None:
    """A hand-made beacon with plain or broken identifiers counts, and is complained of; the page shows none of them."""
    async with Caller() as caller:
        body = hit()
        body["context"] = {**body["context"], "user": user}
        assert await post(caller, body) == 0
        assert [one["title"] for one in (await caller.control("diagnostics"))["diagnostics"]] == [title]
        async with caller.session.get("/") as answer:
            page = await answer.text()
    assert next(iter(user.values())) not in page
    assert "Browser" in page


async def test_http_status_errors_hold_for_hits() -> None:
    """Where refusals are HTTP 400, a hit's are too."""
    async with Caller(http_status_errors=True) as caller, caller.session.post(HITS, data=b"{") as answer:
        assert answer.status == 400


async def test_a_hit_may_name_another_address_from_this_machine() -> None:
    """A simulation on this machine gives each shopper an address of its own; a name that is none is passed over."""
    async with Caller() as caller:
        for number, named in enumerate(["203.0.113.42, 10.0.0.1", "2001:db8::7", "unknown"]):
            await post(caller, hit(event_id=f"order-{number}"), **{"X-Forwarded-For": named})
        events = (await caller.control("events"))["events"]
    assert [event["user"]["ip"] for event in events] == ["203.0.113.42", "2001:db8::7", "127.0.0.1"]


async def test_hits_meet_no_faults() -> None:
    """Scripted failures are for the Events API: a hit neither meets nor uses one up."""
    async with Caller() as caller:
        await caller.control("faults", {"faults": [{"kind": "code", "code": 50000}]})
        assert await post(caller, hit()) == 0
        assert len((await caller.control("faults"))["faults"]) == 1


async def test_requests_can_be_listed_by_path() -> None:
    """`?path=` selects the Events API's requests, or the pixel's hits."""
    async with Caller() as caller:
        await post(caller, hit())
        await caller.post(body_of(purchase()))
        for beginning, paths in (
            ("/api/", [HITS]),
            ("/open_api/", ["/open_api/v1.3/event/track/"]),
            ("", [HITS, "/open_api/v1.3/event/track/"]),
        ):
            listed = await caller.control(f"requests?path={beginning}")
            assert [one["path"] for one in listed["requests"]] == paths
