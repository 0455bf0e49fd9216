"""An event becomes storable: hashed, cleaned, and nothing plain left."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.events.codec import decode_stored, encode_stored
from fullcount.events.model import Ad, App, Content, Event, EventSource, Half, Lead, Page, Properties, User
from fullcount.events.problems import Severity
from fullcount.events.reading import read_event
from fullcount.identity.identify import IdentityRules, identify

RULES = IdentityRules(default_country="US")
EMPTY_HASH = sha256(b"").hexdigest()


def digest(text: str) -> str:
    """Return the SHA-256 of a text in hex."""
    return sha256(text.encode()).hexdigest()


def identified(rules: IdentityRules = RULES, **parts: Any) -> tuple[Any, list[tuple[str, str]]]:
    """Return the identified purchase and its problems as (path, code)."""
    event, problems = identify(Event(event="Purchase", event_time=1_795_357_800, **parts), "order-1", rules)
    assert all(problem.severity is not Severity.FATAL for problem in problems)
    return event, [(problem.path, problem.code) for problem in problems]


def test_a_clean_purchase_raises_nothing() -> None:
    """A right event keeps everything that goes out in the clear, and its name, id and time."""
    user = User(
        email="customer@example.com",
        phone="+12133734253",
        external_id="customer-77",
        ttclid="E.C.P.x",
        ttp="2F7h37YkS1j57AYSKTI7IHhJPYH",
        ip="203.0.113.42",
        user_agent="Mozilla/5.0",
        locale="en-US",
    )
    properties = Properties(value=89.99, currency="USD", contents=(Content(content_id="SKU-1"),))
    page = Page(url="https://shop.example/thanks?ttclid=E.C.P.x", referrer="https://shop.example/")
    event, problems = identify(
        Event(event="CompletePayment", event_time=1_795_357_800, user=user, properties=properties, page=page),
        "order-1",
        RULES,
    )
    assert problems == ()
    assert (event.event, event.canonical, event.event_id) == ("CompletePayment", "Purchase", "order-1")
    assert (event.event_time, event.half, event.event_source) == (1_795_357_800, Half.SERVER, EventSource.WEB)
    assert event.user.email == digest("customer@example.com")
    assert event.user.phone == digest("+12133734253")
    assert event.user.external_id == digest("customer-77")
    for name in ("ttclid", "ttp", "ip", "user_agent", "locale"):
        assert getattr(event.user, name) == getattr(user, name)
    assert event.properties is properties
    assert event.page is page


def test_several_values_stay_several_without_repetitions() -> None:
    """A list becomes a tuple of distinct digests, a list of one a single digest, in their order."""
    several = ("b@example.com", " B@example.com", digest("a@example.com").upper(), "bad", "")
    event, problems = identified(user=User(email=several, phone=("+12133734253",), external_id=()))
    assert event.user.email == (digest("b@example.com"), digest("a@example.com"))
    assert event.user.phone == digest("+12133734253")
    assert event.user.external_id is None
    assert problems == [("user.email.3", "email_invalid")]


@pytest.mark.parametrize("field", ["email", "phone", "external_id", "first_name", "last_name", "zip_code"])
def test_at_most_ten_values_of_an_identifier_are_taken(field: str) -> None:
    """Ten are more than a person has; the rest is dropped, and said once."""
    values = tuple(f"jane{i}@example.com" if field == "email" else f"+1212555{i:04}" for i in range(1_000))
    several: dict[str, Any] = {field: values}
    event, problems = identified(user=User(**several))
    assert len(getattr(event.user, field)) == 10
    assert problems == [(f"user.{field}", "too_many_values")]


def test_bad_fields_are_dropped_and_the_event_is_kept() -> None:
    """A bad e-mail, phone or IP costs that field only."""
    user = User(email="jane at example.com", phone="12", ip="300.1.1.1", external_id="c-1", user_agent="UA")
    event, problems = identified(user=user)
    assert (event.user.email, event.user.phone, event.user.ip) == (None, None, None)
    assert (event.user.external_id, event.user.user_agent) == (digest("c-1"), "UA")
    assert problems == [("user.email", "email_invalid"), ("user.phone", "phone_invalid"), ("user.ip", "ip_invalid")]


@pytest.mark.parametrize(
    "ip",
    "10.0.0.1 172.16.0.1 172.31.9.9 192.168.1.1 127.0.0.1 169.254.1.1 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255"  # noqa: SIM905 - a table of addresses is read as words
    " ::1 fe80::1%eth0 fd00::1 ::ffff:10.0.0.1 ff02::1".split(),
)
def test_private_and_shared_addresses_are_dropped(ip: str) -> None:
    """An address that is not the shopper's public one matches strangers, so it is dropped, and said."""
    event, problems = identified(user=User(ip=ip, user_agent="UA"))
    assert event.user.ip is None
    assert problems == [("user.ip", "ip_not_public")]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("203.0.113.42", "203.0.113.42"),
        ("172.32.0.1", "172.32.0.1"),
        ("100.128.0.1", "100.128.0.1"),
        (" 203.0.113.42 ", "203.0.113.42"),
        ("203.0.113.42, 10.0.0.1", "203.0.113.42"),
        ("203.0.113.42:51234", "203.0.113.42"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
        ("::ffff:203.0.113.42", "203.0.113.42"),
    ],
)
def test_public_addresses_are_kept(given: str, kept: str) -> None:
    """A public address is kept, without port, proxies and wrapping."""
    event, problems = identified(user=User(ip=given))
    assert (event.user.ip, problems) == (kept, [])


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"user": User(ttclid="E.C.P.sent")}, "E.C.P.sent"),
        ({"page": Page(url="https://shop.example/?a=1&ttclid=E.C.P.url#x")}, "E.C.P.url"),
        ({"page": Page(url="https://shop.example/?ttclid=E.C.P.a%2Bb%252F")}, "E.C.P.a+b%2F"),
        ({"page": Page(url="https://shop.example/t", referrer="https://www.Shop.example/?ttclid=E.C.P.r")}, "E.C.P.r"),
        ({"page": Page(url="https://shop.example/t", referrer="https://other.example/?ttclid=E.C.P.r")}, None),
        ({"page": Page(url="https://shop.example/?nottclid=E.C.P.x")}, None),
        ({"page": Page(url="https://shop.example/#ttclid=E.C.P.x")}, None),
        ({"ad": Ad(callback="E.C.P.ad")}, "E.C.P.ad"),
        ({"ad": Ad(callback="E.C.P.ad"), "event_source": EventSource.APP}, None),
        (
            {
                "page": Page(url="https://shop.example/?ttclid=__CLICKID__", referrer="https://shop.example/"),
                "user": User(ttclid="E.C.P.sent"),
            },
            "E.C.P.sent",
        ),
    ],
)
def test_the_click_id_is_found_in_order(parts: dict[str, Any], expected: str | None) -> None:
    """The page's URL comes before a referrer on the same host, that before what was sent; decoded once."""
    event, _ = identified(**parts)
    assert event.user.ttclid == expected


@pytest.mark.parametrize(
    "rest",
    [
        "?ttclid=__CLICKID__&ttclid=E.C.P.real",
        "?ttclid=&a=1&ttclid=E.C.P.real",
        "?x=1&ttclid=E.C.P.real&ttclid=E.C.P.other",
        "#/thanks?ttclid=E.C.P.real",
        "?ttclid=%7B%7Bttclid%7D%7D#/?ttclid=E.C.P.real",
        "?x=https://other.example/?ttclid=E.C.P.other&ttclid=E.C.P.real",
    ],
)
def test_the_first_usable_click_id_of_a_url_is_taken(rest: str) -> None:
    """Empty and unreplaced ones before it are passed over without a word, and the fragment is looked into last."""
    event, problems = identified(page=Page(url=f"https://shop.example/thanks{rest}"))
    assert event.user.ttclid == "E.C.P.real"
    assert problems == []


def test_a_click_id_within_another_parameter_is_another_sites() -> None:
    """Only the page's own parameters count."""
    event, _ = identified(page=Page(url="https://shop.example/?x=https://other.example/?ttclid=E.C.P.other"))
    assert event.user.ttclid is None


def test_a_click_id_stays_in_the_url_whatever_it_looks_like() -> None:
    """An opaque token is not read as parameters with a secret's name, and leaves only if it holds an address."""
    url = "https://shop.example/?ttclid=E.C.P.token_a%3D%3D"
    event, problems = identified(page=Page(url=url))
    assert (event.page.url, event.user.ttclid, problems) == (url, "E.C.P.token_a==", [])
    event, _ = identified(page=Page(url="https://shop.example/?ttclid=jane%40example.com"))
    assert (event.page.url, event.user.ttclid) == ("https://shop.example/", None)


def test_the_urls_click_id_wins_over_another_and_says_so() -> None:
    """Two different click IDs are a warning, and the URL's is used."""
    page = Page(url="https://shop.example/?ttclid=E.C.P.url")
    event, problems = identified(page=page, user=User(ttclid="E.C.P.sent"))
    assert event.user.ttclid == "E.C.P.url"
    assert problems == [("user.ttclid", "ttclid_differs")]


@pytest.mark.parametrize(
    "macro", ["__CLICKID__", "_CLICKID_", "{{ttclid}}", "%%CLICKID%%", "undefined", "null", "${x}"]
)
def test_an_unreplaced_macro_is_no_click_id(macro: str) -> None:
    """A placeholder in place of a click ID is dropped, and said."""
    event, problems = identified(user=User(ttclid=macro))
    assert event.user.ttclid is None
    assert problems == [("user.ttclid", "ttclid_placeholder")]


@pytest.mark.parametrize("country", ["IN", " in "])
def test_a_national_number_is_one_of_the_events_own_country(country: str) -> None:
    """What the event says of the shopper's country goes before the source's default."""
    event, problems = identified(user=User(phone="98765 43210", country=country))
    assert event.user.phone == digest("+919876543210")
    assert problems == []


@pytest.mark.parametrize("country", [None, "Atlantis"])
def test_a_national_number_of_nowhere_is_one_of_the_sources_country(country: str | None) -> None:
    """Without a country of its own the source's default is taken; a doubtful number is kept, and said."""
    event, problems = identified(user=User(phone="(555) 010-0199", country=country))
    assert event.user.phone == digest("+15550100199")
    assert problems == [("user.phone", "phone_doubtful")]


def test_places_are_plain_and_normalised() -> None:
    """City, state and country go out in the clear, lower case, letters and digits only."""
    event, _ = identified(user=User(city="New York", state="N.Y.", country="US"))
    assert (event.user.city, event.user.state, event.user.country) == ("newyork", "ny", "us")


def test_device_ids_keep_their_platforms_case() -> None:
    """IDFA is upper case, GAID lower case, hashes are lower case, and the all-zero id is none."""
    raw = "ab12CD34-0000-4000-8000-00000000000a"
    event, _ = identified(user=User(idfa=raw, gaid=raw.upper(), idfv=raw))
    assert (event.user.idfa, event.user.gaid, event.user.idfv) == (raw.upper(), raw.lower(), raw)
    hashed = digest("x").upper()
    event, _ = identified(user=User(idfa=hashed, gaid=hashed))
    assert (event.user.idfa, event.user.gaid) == (hashed.lower(), hashed.lower())
    event, problems = identified(user=User(idfa="00000000-0000-0000-0000-000000000000", gaid=EMPTY_HASH))
    assert (event.user.idfa, event.user.gaid) == (None, None)
    assert problems == [("user.idfa", "placeholder"), ("user.gaid", "placeholder")]


def test_unlisted_keys_that_hold_an_identifier_are_dropped() -> None:
    """What looks like an e-mail, a phone, a name or a token under an unlisted key of the user or event goes."""
    extra = {
        "tier": "gold",
        "age": 41,
        "crm_id": 15550100199,
        "email2": "jane@example.com",
        "backup": "+15550100199",
        "mobile": 15550100199,
        "note": {"mail_to": "jane@example.com", "ok": True, "list": ["a", "b@example.com"]},
        "session_token": "abc",
        "jane@example.com": 1,
    }
    kept = {"tier": "gold", "age": 41, "crm_id": 15550100199, "note": {"ok": True, "list": ["a"]}}
    event, problems = identified(user=User(extra=extra), extra=extra)
    assert event.user.extra == kept
    assert event.extra == kept
    assert {code for _, code in problems} == {"identifier_in_extra"}
    assert all("@" not in path for path, _ in problems)


def test_free_texts_lose_addresses_and_keep_the_rest() -> None:
    """An e-mail or an international phone in a text of the properties is replaced by "(removed)"."""
    properties = Properties(
        search_string="jane@example.com",
        description="Gift for jane@example.com, +1 555 010 0199!",
        order_id="0012345678905",
        content_ids=("0012345678905", "a@b.example"),
        contents=(Content(content_id="SKU-1", content_name="from jane@example.com", extra={"k": "j@example.com"}),),
        extra={"gtm_version": 2, "contact": {"phone": "5550100199", "who": "jane@example.com"}, "year": 2024},
    )
    event, problems = identified(properties=properties)
    cleaned = event.properties
    assert cleaned.search_string == "(removed)"
    assert cleaned.description == "Gift for (removed), (removed)!"
    assert (cleaned.order_id, cleaned.content_ids) == ("0012345678905", ("0012345678905", "(removed)"))
    assert cleaned.contents[0].content_name == "from (removed)"
    assert cleaned.contents[0].extra == {"k": "(removed)"}
    assert cleaned.extra == {"gtm_version": 2, "contact": {"phone": "(removed)", "who": "(removed)"}, "year": 2024}
    assert {code for _, code in problems} == {"identifier_removed"}


def test_an_identifier_in_the_wrong_field_is_dropped() -> None:
    """An e-mail or phone where a plain field stands does not reach the store."""
    user = User(ttp="jane@example.com", locale="+15550100199", city="jane@example.com", state="15550100199")
    event, problems = identified(user=user)
    assert (event.user.ttp, event.user.locale, event.user.city, event.user.state) == (None, None, None, None)
    assert {code for _, code in problems} == {"misplaced_identifier"}


def test_the_repr_of_users_tells_nothing() -> None:
    """Neither a plain nor a hashed user shows a value in its repr."""
    user = User(email="jane@example.com", ip="203.0.113.42", ttclid="E.C.P.x")
    event, _ = identified(user=user)
    for shown in (repr(user), repr(Event(event="Purchase", user=user)), repr(event.user), repr(event)):
        assert "jane" not in shown
        assert "203.0.113" not in shown
        assert "E.C.P" not in shown
        assert digest("jane@example.com") not in shown


def test_no_part_of_an_event_shows_its_values() -> None:
    """A repr names the fields that hold something: free texts and URLs may hold anything."""
    event = read_event(
        b'{"event":"Purchase","consent":"granted","page":{"url":"https://shop.example/?q=roe"},"note":"jane",'
        b'"properties":{"description":"for jane","order_id":"roe","contents":[{"content_name":"jane"}]},'
        b'"app":{"app_name":"jane"},"ad":{"callback":"jane"},"lead":{"lead_id":"jane"}}'
    )
    assert event.event is not None
    hashed, _ = identify(event.event, "roe-1", RULES)
    parts = (event.event.properties, event.event.page, event.event.properties.contents, event.event.app, event.event.ad)
    for shown in map(repr, (event, event.event, event.event.lead, hashed, *parts)):
        assert "jane" not in shown
        assert "roe" not in shown
    assert repr(event.event.page) == "Page(url=…)"


EMAIL = "jane.roe@example.com"
PHONE = "+15550100199"
PLACES = st.sampled_from(
    [
        lambda v: {"user": User(email=v, phone=v, external_id=v, first_name=v, last_name=v, zip_code=v)},
        lambda v: {"user": User(email=(v, v.upper()), phone=(v, f" {v}"))},
        lambda v: {"user": User(city=v, state=v, country=v, ttp=v, locale=v, idfa=v, gaid=v, idfv=v, lead_id=v)},
        lambda v: {"user": User(extra={"a": v, "b": [v, {"c": v}], v: 1})},
        lambda v: {"user": User(ip=v, ttclid=v, att_status=v)},
        lambda v: {"properties": Properties(search_string=v, query=f"to {v}", description=f"<{v}>", order_id=v)},
        lambda v: {
            "properties": Properties(content_ids=(v,), content_type=v, shop_id=v, status=v, event_channel=f"{v}.")
        },
        lambda v: {"properties": Properties(contents=(Content(content_name=f"x {v}", brand=v, extra={v: v}),))},
        lambda v: {"properties": Properties(extra={"a": {"b": [v]}, "c": f"({v})"})},
        lambda v: {"page": Page(url=f"https://shop.example/{v}?a={v}&b=https://x/?{v}#{v}", referrer=f"/?{v}")},
        lambda v: {"page": Page(url="https://shop.example/?u=" + v.replace("@", "%40").replace("+", "%2B"))},
        lambda v: {"app": App(app_name=v), "ad": Ad(callback=v, campaign_id=v), "lead": Lead(lead_event_source=v)},
        lambda v: {"extra": {"email": v, "nested": {"deep": [v]}}},
    ]
)


@given(st.lists(PLACES, min_size=1, max_size=4), st.sampled_from([EMAIL, PHONE]))
def test_no_plain_identifier_is_stored(places: list[Any], value: str) -> None:
    """Wherever a sender puts an e-mail or a phone, no part of it is in the stored form, which decodes to the event."""
    parts: dict[str, Any] = {}
    for place in places:
        parts |= place(value)
    event, problems = identify(Event(event="Purchase", event_time=1, **parts), "order-1", IdentityRules())
    stored = encode_stored(event)
    assert decode_stored(stored) == event
    for text in (stored, repr(problems).encode()):
        assert b"example.com" not in text.lower()
        assert b"jane" not in text.lower()
        assert b"5550100199" not in text


@given(
    st.sampled_from(["email", "phone", "external_id", "first_name", "last_name", "zip_code"]),
    st.text(max_size=40) | st.sampled_from(["a@b.example", "+12133734253", "Ana", "AB 1"]),
)
def test_hashing_twice_is_hashing_once(field: str, text: str) -> None:
    """An identifier that was hashed is passed through unchanged, so a second passage changes nothing."""
    sent: dict[str, Any] = {field: text}
    first, _ = identified(user=User(**sent))
    once = getattr(first.user, field)
    again: dict[str, Any] = {field: once}
    second, _ = identified(user=User(**again))
    assert getattr(second.user, field) == once
    assert once is None or len(once) == 64
