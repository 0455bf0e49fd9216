"""gtag's own request: one event in the query, or several in the body's lines."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.sources.fixtures import NOW
from tests.unit.sources.ga4.requests import BATCH, DENIED, ID, IP, SINGLE, codes, collected, hit, names

from fullcount.errors import InvalidEvent
from fullcount.events.tie import Tie, TieKind
from fullcount.sources.ga4.items import unpacked_item
from fullcount.sources.ga4.user_data import read_em

HEX = "50cb24da84ebad30ec4d7e5d4e2fa28da429e73a8fcbd313446d6567c5e3487c"
BASE64 = "UMsk2oTrrTDsTX5dTi-ijaQp5zqPy9MTRG1lZ8XjSHw"


def test_the_recorded_purchase_is_what_the_index_expects() -> None:
    """One event in the query: id, value, item with a tilde in its name, hash, cookie, click ID, page and browser."""
    found = collected(SINGLE.request(client_ip=IP))
    made, expect = found.event, SINGLE.expect
    assert (made.canonical, made.event_id, made.event_time) == (expect["event"], expect["event_id"], int(NOW))
    assert (made.properties.value, made.properties.currency) == (expect["value"], "USD")
    assert made.properties.contents[0].content_name == expect["item_name"]
    assert (made.user.email, made.user.ttp) == (expect["email_hash"], expect["ttp"])
    assert made.user.phone == "5ec544c66ea827b26206a4ddf7b50c0001a52a830299d7d17a6ce0e33c6a9b8b"
    assert (made.user.ttclid, made.user.ip, made.user.country) == ("E.C.P.CqcBtestFixtureClickId0001", IP, "us")
    assert made.user.user_agent == SINGLE.headers["User-Agent"]
    assert made.page.referrer == "https://shop.example.com/checkout"
    assert found.intake.readings[0].ties == (
        Tie(TieKind.ORDER_ID, "T-78"),
        Tie(TieKind.CLIENT_ID, "111.222"),
        Tie(TieKind.CLIENT_ID, "abc"),
    )


def test_the_recorded_batch_is_an_event_for_each_line() -> None:
    """Each line inherits the query; an engagement ping is left out; the tag's ids are no browser half's."""
    found = collected(BATCH.request(client_ip=IP))
    assert names(found) == BATCH.expect["events"]
    seen = found.arrivals[1].entries[0].event
    assert (seen.properties.value, seen.properties.currency) == (16.9, "EUR")
    assert seen.page.url is not None
    assert seen.page.url.startswith("https://shop.example.com/thanks")
    assert [each.name for each in found.intake.ignored] == ["user_engagement"]
    assert all(reading.is_id_private for reading in found.intake.readings)
    again = collected(BATCH.request(client_ip=IP))
    assert [arrival.result.event_id for arrival in again.arrivals] == [
        arrival.result.event_id for arrival in found.arrivals
    ]


def test_the_recorded_refusal_is_withheld_and_alone_remembered() -> None:
    """Storage for ads denied: the event is not sent, and of the visitor only the answer is kept for later."""
    found = collected(DENIED.request(client_ip=IP))
    (reading,) = found.intake.readings
    assert reading.event is not None
    assert reading.event.consent == DENIED.expect["consent"]
    assert found.arrivals[0].result.reason == "consent_denied"
    (sighting,) = found.intake.sightings
    assert (sighting.consent, sighting.user, sighting.page.url) == ("denied", type(sighting.user)(), None)


def test_lines_may_end_in_either_way_and_override_the_query() -> None:
    """CRLF and LF part the events; a parameter of a line goes before the query's."""
    request = hit(
        {"en": "view_item", "dl": "https://shop.example.com/b"}, {"en": "search"}, dl="https://shop.example.com/a"
    )
    feed = msgspec.structs.replace(request, body=request.body.replace(b"\r\n", b"\n") + b"\n\n")
    for each in (request, feed):
        found = collected(each)
        assert names(found) == ["ViewContent", "Search"]
        pages = [reading.event.page.url for reading in found.intake.readings if reading.event]
        assert pages == ["https://shop.example.com/b", "https://shop.example.com/a"]


def test_a_get_is_read_as_a_post() -> None:
    """An image's request carries the same query."""
    assert names(collected(hit(method="GET", en="page_view"))) == ["Pageview"]


def test_own_parameters_and_numbers_keep_their_names() -> None:
    """The prefixes ep. and epn. lead to the Measurement Protocol's names; what is not known is let be."""
    found = collected(
        hit(
            **{
                "en": "search",
                "ep.search_term": "blue mug",
                "ep.tt_external_id": "cust-9",
                "epn.value": "3.5",
                "cu": "EUR",
                "up.plan": "gold",
                "upn.visits": "7",
                "uaa": "arm",
                "sst.rnd": "1",
                "richsstsse": "",
                "zz.odd": "1",
            }
        )
    )
    made = found.event
    assert (made.properties.search_string, made.properties.value, made.properties.currency) == ("blue mug", 3.5, "EUR")
    assert made.user.external_id is not None
    assert made.properties.extra is None


def test_items_keep_their_numbers_order_up_to_200() -> None:
    """pr2 comes before pr10, whatever the order of the query."""
    packed = {f"pr{number}": f"idSKU-{number}~pr1" for number in (10, 2, 200, 1)}
    contents = collected(hit(en="view_item", **packed)).event.properties.contents
    assert [item.content_id for item in contents] == ["SKU-1", "SKU-2", "SKU-10", "SKU-200"]


@pytest.mark.parametrize(
    ("packed", "expected"),
    [
        ("idA~~~nmB", {"item_id": "A~", "item_name": "B"}),
        ("idA~nm", {"item_id": "A", "item_name": ""}),
        ("~~~~", {}),
        ("", {}),
        ("k0size~k1color~v1red~v0L~v2lost~idA", {"color": "red", "size": "L", "item_id": "A"}),
        ("k0item_id~v0forged~idA", {"item_id": "A"}),
    ],
)
def test_packed_items_are_taken_apart(packed: str, expected: dict[str, str]) -> None:
    """A doubled tilde is one, pairs of k and v are the shop's own, and codes that nobody knows are left out."""
    assert unpacked_item(packed) == expected


@pytest.mark.parametrize("spelled", [BASE64, HEX, HEX.upper(), f"{BASE64}="])
def test_hashes_come_in_base64url_or_hex(spelled: str) -> None:
    """Either spelling is the same SHA-256."""
    assert collected(hit(en="search", em=f"tv.1~em.{spelled}")).event.user.email == HEX


def test_error_codes_and_empty_values_are_no_hashes() -> None:
    """e1, an empty value, an unknown key and another version of the format say nothing."""
    assert read_em("tv.1~em.e3~pn.~fn0.e12345~zz.5") == {}
    assert read_em(f"tv.2~em.{BASE64}") == {}
    assert read_em(f"em.{BASE64}") == {}
    assert read_em("") == {}


def test_addresses_are_told_apart_by_their_index() -> None:
    """The digit behind a key is the address's; places stand in the clear."""
    found = read_em(f"tv.1~fn0.{BASE64}~ct0.springfield~fn1.{BASE64}~pc1.62704")
    assert found == {
        "address": [
            {"sha256_first_name": BASE64, "city": "springfield"},
            {"sha256_first_name": BASE64, "postal_code": "62704"},
        ]
    }


def test_what_is_no_hash_in_em_is_dropped_with_its_reason() -> None:
    """A value that is neither base64url nor hex of 32 bytes is not sent."""
    found = collected(hit(en="search", em="tv.1~em.jane"))
    assert found.event.user.email is None
    assert "hash_unreadable" in codes(found)


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        ({"gcs": "G111"}, {}, "granted"),
        ({"gcs": "G110"}, {}, "granted"),
        ({"gcs": "G101"}, {}, "denied"),
        ({"gcs": "G100"}, {}, "denied"),
        ({"gcs": "G1--"}, {}, None),
        ({"gcs": ""}, {}, None),
        ({"gcs": "G111", "gcd": "13p3p3p3p5"}, {}, "denied"),
        ({"gcs": "", "gcd": "13r3r3r3r5"}, {}, "granted"),
        ({"gcs": "G111", "npa": "1"}, {}, "limited"),
        ({"gcs": "G111", "npa": "0"}, {}, "granted"),
        ({"gcs": "G111", "us_privacy": "1YYN"}, {}, "opt_out"),
        ({"gcs": "G111"}, {"sec-gpc": "1"}, "opt_out"),
        ({"gcs": "G9"}, {}, "unreadable"),
    ],
)
def test_consent_is_the_strictest_that_the_tag_and_the_browser_say(
    query: dict[str, str], headers: dict[str, str], expected: str | None
) -> None:
    """The third character of gcs, gcd, npa, the US string, and the browser's own signal."""
    (reading,) = collected(hit(en="search", headers=headers, **query)).intake.readings
    assert reading.event is not None
    assert reading.event.consent == expected


def test_cookies_tell_the_click_the_browser_and_the_client() -> None:
    """The cookies ttclid and _ttp are the user's; FPID and _ga are ids of the same browser beside cid."""
    cookies = {"cookie": "ttclid=E.C.P%2Ex; _ttp=test-ttp; _ga=GA1.1.333.444; FPID=FPID2.2.a%2Bb"}
    found = collected(hit(en="search", headers=cookies))
    assert (found.event.user.ttclid, found.event.user.ttp) == ("E.C.P.x", "test-ttp")
    assert [tie.value for tie in found.intake.readings[0].ties] == ["111.222", "a+b", "333.444"]


def test_debug_mode_makes_a_test_of_the_whole_request() -> None:
    """One browser's request: one debug event in it makes all of them tests, where a code is set."""
    request = hit({"en": "search", "_dbg": "1"}, {"en": "page_view"})
    assert collected(request, debug_test_code="TEST12345").intake.test_event_code == "TEST12345"
    assert collected(request).intake.test_event_code is None
    assert collected(hit(en="search", _dbg="0"), debug_test_code="T").intake.test_event_code is None


def test_a_landing_is_remembered_even_if_its_event_is_left_out() -> None:
    """first_visit makes no event, and still tells the click, the address and the browser of this client id."""
    found = collected(
        hit(
            en="first_visit",
            dl="https://shop.example.com/?ttclid=E.C.P.x",
            headers={"cookie": "_ttp=test-ttp", "user-agent": "Test/1.0"},
        )
    )
    assert found.intake.readings == ()
    (sighting,) = found.intake.sightings
    assert sighting.ties == (Tie(TieKind.CLIENT_ID, "111.222"),)
    assert sighting.page.url == "https://shop.example.com/?ttclid=E.C.P.x"
    assert (sighting.user.ttp, sighting.user.ip, sighting.user.user_agent) == ("test-ttp", IP, "Test/1.0")
    assert (sighting.consent, sighting.seen_at) == ("granted", NOW)


def test_lines_of_one_visitor_make_one_sighting() -> None:
    """What is the same is remembered once."""
    assert len(collected(hit({"en": "search"}, {"en": "page_view"})).intake.sightings) == 1


def test_a_request_without_an_event_is_counted_as_nothing() -> None:
    """No en: no event, and the reason."""
    found = collected(hit())
    assert [each.reason for each in found.intake.ignored] == ["no_event"]


def test_a_flood_in_one_request_is_refused() -> None:
    """More lines than events are allowed, or more parameters than any event has, are a mistake."""
    many = hit(*[{"en": "search"}] * 1001)
    with pytest.raises(InvalidEvent) as refused:
        collected(many)
    assert refused.value.problems[0].code == "too_many_events"
    with pytest.raises(InvalidEvent) as refused:
        collected(hit({"en": "search"} | {f"p{number}": "1" for number in range(1001)}))
    assert refused.value.problems[0].code == "too_many_parameters"


@pytest.mark.parametrize(
    "query",
    [
        {f"pr{number}": "id1~nmMug~pr18" for number in range(900)},
        {f"ep.p{number}": "1" for number in range(50)},
        {"em": "tv.1~" + "em.a~" * 12_000},
        {"pr1": "~" * 60_000},
    ],
)
def test_a_query_that_is_shared_by_many_lines_is_no_way_to_multiply_work(query: dict[str, str]) -> None:
    """What all lines inherit counts once for each of them; a tag's own few lines stay far below."""
    with pytest.raises(InvalidEvent) as refused:
        collected(hit(*[{"en": "purchase"}] * 100, **query))
    assert refused.value.problems[0].code == "too_many_parameters"


def test_twenty_lines_of_a_tag_with_all_that_it_may_say_are_read() -> None:
    """A large batch with a long page address and hashes of a whole person."""
    query = {f"ep.p{number}": "1" for number in range(25)}
    query |= {"dl": "https://shop.example.com/?" + "x" * 2_000, "em": f"tv.1~em.{BASE64}~pn.{BASE64}", "cu": "USD"}
    found = collected(
        hit(*[{"en": "view_item", "pr1": "id1~pr18", "_et": str(number)} for number in range(20)], **query)
    )
    assert names(found) == ["ViewContent"] * 20


def test_a_tag_of_another_property_is_not_ours() -> None:
    """Another measurement id, none, or a source without one: not admitted."""
    assert not collected(hit(en="search", tid="G-OTHER")).is_authentic
    assert not collected(hit(en="search", tid="")).is_authentic
    assert not collected(hit(en="search"), measurement_id=None).is_authentic
    assert collected(hit(en="search", tid=ID)).is_authentic
