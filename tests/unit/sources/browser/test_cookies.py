"""Cookies of the answer: for whom, with what, for how long, and none without consent."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.browser.pages import (
    CLICK,
    PAGE,
    VISITOR,
    beacon,
    cookies_of,
    posted,
    read,
    reply_to,
    rules,
)
from tests.unit.sources.fixtures import NOW

from fullcount.sources.browser.cookies import drop_cookie, new_browser_id, set_cookie, site_of

DAY = 86_400
TTP = "2nFixtureTtpCookie000000001"
BLOCKED = {"state": "blocked", "code": "CEXAMPLE0PIXEL000001"}


def told(body: dict[str, Any] | None = None, cookies: dict[str, str] | None = None, **options: Any) -> dict[str, str]:
    """Return the cookies that the answer to a beacon sets, by name."""
    found = cookies_of(reply_to(posted(body or beacon(), cookies=cookies), rules(**options)))
    return {name: morsel.value for name, morsel in found.items()}


def test_a_visitor_gets_the_cookie_of_the_whole_site() -> None:
    """It is Secure, first-party, of the registrable domain, readable by scripts, and lives 390 days."""
    (header,) = [value for name, value in read(posted(beacon())).reply_headers if name == b"set-cookie"]
    assert header.decode().split("; ") == [
        f"_fc={VISITOR}",
        f"Max-Age={390 * DAY}",
        "Path=/",
        "SameSite=Lax",
        "Domain=example.com",
        "Secure",
    ]


@pytest.mark.parametrize(
    ("host", "domain", "is_secure"),
    [
        ("shop.example.com", "example.com", True),
        ("a.b.example.co.uk:8443", "example.co.uk", True),
        ("SHOP.Example.COM.", "example.com", True),
        ("my-shop.myshopify.com", "my-shop.myshopify.com", True),
        ("co.uk", "", True),
        ("203.0.113.9", "", True),
        ("[2001:db8::1]:8080", "", True),
        ("intranet", "", True),
        ("evil.example.com; Domain=example.net", "", True),
        ("", "", True),
        ("127.0.0.1:8080", "", False),
        ("127.9.9.9", "", False),
        ("[::1]:8080", "", False),
        ("localhost:8080", "", False),
        ("shop.localhost:8080", "shop.localhost", False),
    ],
)
def test_the_domain_is_the_hosts_own_site(host: str, domain: str, *, is_secure: bool) -> None:
    """Public suffixes are never a cookie's domain; a bare host keeps it; plain HTTP is for this machine alone."""
    (found,) = cookies_of_header(set_cookie(posted(beacon(), host=host, origin=""), "_fc", VISITOR, 1.0))
    assert (found["domain"], bool(found["secure"])) == (domain, is_secure)
    assert found["path"] == "/"


def cookies_of_header(headers: tuple[tuple[bytes, bytes], ...]) -> list[Any]:
    """Return the cookies of these headers."""
    found = SimpleCookie()
    for _, value in headers:
        found.load(value.decode())
    return list(found.values())


def test_https_on_this_machine_is_secure_too() -> None:
    """A local shop behind TLS gets Secure cookies."""
    request = posted(beacon(), host="localhost", origin="https://localhost")
    assert set_cookie(request, "_fc", VISITOR, 1.0)[0][1].endswith(b"Secure")


@pytest.mark.parametrize(
    "value", ["a;b", "a b", 'a"b', "a,b", "a\\b", "a\nb", "a\x00b", "é", "100%25", "", "a" * 1_025]
)
def test_values_that_no_cookie_may_have_set_none(value: str) -> None:
    """Nothing that could end a header or its value is ever written into one."""
    assert set_cookie(posted(beacon()), "ttclid", value, 1.0) == ()


@given(value=st.text(max_size=40), host=st.text(max_size=40))
def test_no_value_and_no_host_breaks_out_of_a_header(value: str, host: str) -> None:
    """Whatever a browser sends, a header has one name, one value and the attributes that we wrote."""
    for headers in (
        set_cookie(posted(beacon(), host=host), "_fc", value, 1.0),
        drop_cookie(posted(beacon(), host=host), "_fc"),
    ):
        for _, header in headers:
            assert re.fullmatch(
                rb"_fc=[A-Za-z0-9._~+/=-]*; Max-Age=\d+; Path=/; SameSite=Lax(; Domain=[a-z0-9._-]+)?(; Secure)?",
                header,
            )


def test_a_host_that_is_too_long_is_no_site() -> None:
    """A name that no server can have gets no domain."""
    assert site_of(".".join(["a" * 60] * 5)) is None


def test_the_click_id_lives_30_days_from_the_click() -> None:
    """A click of now for 30 days, one of ten days ago for 20; one that is over sets nothing."""

    def lives(**told: Any) -> str | None:
        found = cookies_of(reply_to(posted(beacon(ttclid=CLICK, **told))))
        return found["ttclid"]["max-age"] if "ttclid" in found else None

    assert lives() == str(30 * DAY)
    assert lives(clicked_at=NOW * 1000) == str(30 * DAY)
    assert lives(clicked_at=(NOW - 10 * DAY) * 1000) == str(20 * DAY)
    assert lives(clicked_at=(NOW + 10 * DAY) * 1000) == str(30 * DAY)
    assert lives(clicked_at=(NOW - 31 * DAY) * 1000) is None
    assert lives(clicked_at="garbage") == str(30 * DAY)


def test_a_click_id_that_is_kept_is_not_kept_on_and_on() -> None:
    """The cookie's own click ID is set again only by who knows its time; another one replaces it."""
    kept = {"ttclid": CLICK}
    assert "ttclid" not in told(beacon(ttclid=CLICK), kept)
    assert "ttclid" not in told(beacon(), kept)
    assert told(beacon(ttclid=CLICK, clicked_at=(NOW - DAY) * 1000), kept)["ttclid"] == CLICK
    assert told(beacon(ttclid="E.C.P.newer"), kept)["ttclid"] == "E.C.P.newer"


def test_a_click_id_in_the_pages_address_is_kept_too() -> None:
    """Code that posts events without reading the address loses no click."""
    assert told(beacon(page={"url": f"{PAGE}?ttclid={CLICK}"}))["ttclid"] == CLICK
    assert "ttclid" not in told(beacon(page={"url": f"{PAGE}?ttclid=__CLICKID__"}))
    assert "ttclid" not in told(beacon(ttclid="__CLICKID__"))


def test_a_browser_id_is_given_only_where_no_pixel_gives_one() -> None:
    """27 letters and digits where the pixel is absent, blocked or refused; nothing where one runs or may still come."""
    for state in ("absent", "blocked", "refused"):
        assert re.fullmatch(r"[A-Za-z0-9]{27}", told(beacon(pixel={"state": state}))["_ttp"])
    for other in ("waiting", "loaded", "held", "garbage", None):
        assert "_ttp" not in told(beacon(pixel={"state": other}))
    assert "_ttp" not in told()
    assert "_ttp" not in told(beacon(pixel=BLOCKED), set_browser_id=False)
    assert "_ttp" not in told(beacon(pixel=BLOCKED), {"_tt_enable_cookie": "0"})
    assert new_browser_id() != new_browser_id()


@pytest.mark.parametrize("state", ["absent", "blocked", "loaded", "waiting"])
def test_a_browser_id_that_is_there_is_never_another(state: str) -> None:
    """The cookie's value is set again as it stands, to outlive a script's week; the beacon's only without it."""
    body = beacon(pixel={"state": state}, ttp="another00000000000000000000")
    assert told(body, {"_ttp": TTP})["_ttp"] == TTP
    assert told(body)["_ttp"] == "another00000000000000000000"
    assert "_ttp" not in told(beacon(pixel={"state": state}), {"_ttp": "100%25"})


@pytest.mark.parametrize(
    "garbage",
    ["", "short", "a" * 65, "ü" * 30, "<script>alert(1)</script>----", "a b" * 10, "test\x01visitor-0123456789"],
)
def test_garbage_in_the_visitor_cookie_is_replaced(garbage: str) -> None:
    """A cookie that is none of ours gives way to the beacon's id, and to a new one if that is garbage too."""
    assert told(beacon(), {"_fc": garbage})["_fc"] == VISITOR
    made = told(beacon(visitor=garbage), {"_fc": garbage})["_fc"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", made)
    assert made != told(beacon(visitor=garbage), {"_fc": garbage})["_fc"]


def test_the_cookies_visitor_counts_before_the_beacons() -> None:
    """A page whose storage was copied does not change who the browser is."""
    assert told(beacon(), {"_fc": "test_visitor-of-the-cookie-1"})["_fc"] == "test_visitor-of-the-cookie-1"


EVERYTHING = {"_fc": VISITOR, "ttclid": CLICK, "_ttp": TTP}


@pytest.mark.parametrize(
    "consent", ["denied", False, {"said": "denied"}, {"usp": "1YYN"}, {"shopify_marketing": False}]
)
def test_a_refusal_deletes_what_came(consent: object) -> None:
    """Our cookies that the request showed are deleted, on the same domain; nothing is set; others stay."""
    found = cookies_of(reply_to(posted(beacon(consent=consent, ttclid=CLICK), cookies={**EVERYTHING, "cart": "1"})))
    assert {name: morsel.value for name, morsel in found.items()} == {"_fc": "", "ttclid": "", "_ttp": ""}
    assert {morsel["max-age"] for morsel in found.values()} == {"0"}
    assert {morsel["domain"] for morsel in found.values()} == {"example.com"}
    assert told(beacon(consent=consent, ttclid=CLICK, pixel=BLOCKED)) == {}


@pytest.mark.parametrize(("country", "expected"), [("DE", {}), (None, {}), ("US", {"_fc": VISITOR, "ttclid": CLICK})])
def test_without_an_answer_the_region_decides(country: str | None, expected: dict[str, str]) -> None:
    """Where a grant is needed, or nobody knows where the visitor is, nothing is set, and nothing is deleted."""
    body = beacon(consent=None, ttclid=CLICK)
    assert told(body, default_country=country) == expected
    assert told(beacon(consent=None, pixel=BLOCKED), EVERYTHING, default_country="DE") == {}


def test_an_answer_that_cannot_be_read_sets_nothing() -> None:
    """It may have been a refusal, but nobody knows: nothing is set and nothing deleted."""
    assert told(beacon(consent={"tcf": "garbage"}), EVERYTHING) == {}
    assert told(beacon(consent=[1]), EVERYTHING) == {}


def test_an_objection_by_the_browser_itself_is_one() -> None:
    """Sec-GPC: 1 counts though the page says granted."""
    found = cookies_of(reply_to(posted(beacon(), cookies=EVERYTHING, sec_gpc="1")))
    assert {morsel.value for morsel in found.values()} == {""}
    assert cookies_of(reply_to(posted(beacon(), sec_gpc="0")))["_fc"].value == VISITOR


def test_a_robot_gets_no_cookie() -> None:
    """It keeps none, and its ids would fill the memory."""
    assert cookies_of(reply_to(posted(beacon(ttclid=CLICK), user_agent="Googlebot/2.1"))) == {}
    assert told(beacon(webdriver=True)) == {}


def test_the_settings_name_the_cookie_and_its_days() -> None:
    """Another name and other lives."""
    options: dict[str, Any] = {"cookie": "_shop", "visitor_days": 7.0, "click_days": 2.0}
    found = cookies_of(reply_to(posted(beacon(ttclid=CLICK, ttp=TTP)), rules(**options)))
    assert {name: morsel["max-age"] for name, morsel in found.items()} == {
        "_shop": str(7 * DAY),
        "ttclid": str(2 * DAY),
        "_ttp": str(7 * DAY),
    }
