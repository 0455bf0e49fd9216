"""Where an ad leads: the page as it was written, with the click ID added, and never somewhere unforeseen."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.emulator.ads.landing import landing_url, new_click_id
from fullcount.errors import FullcountError

HERE = "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("to", "landing"),
    [
        (f"{HERE}/p", f"{HERE}/p?ttclid=C"),
        (HERE, f"{HERE}?ttclid=C"),
        (f"{HERE}/p?", f"{HERE}/p?ttclid=C"),
        (f"{HERE}/p?a=1&b=%20%26&c", f"{HERE}/p?a=1&b=%20%26&c&ttclid=C"),
        (f"{HERE}/p#top?x", f"{HERE}/p?ttclid=C#top?x"),
        (f"{HERE}/p?a=1#top", f"{HERE}/p?a=1&ttclid=C#top"),
        (f"{HERE}/p?ttclid=__CLICKID__&a=1", f"{HERE}/p?a=1&ttclid=C"),
        (f"{HERE}/p?x=ttclid=1&myttclid=2", f"{HERE}/p?x=ttclid=1&myttclid=2&ttclid=C"),
        ("https://shop.localhost/p", "https://shop.localhost/p?ttclid=C"),
        ("http://localhost/p", "http://localhost/p?ttclid=C"),
        ("http://[::1]:8080/p", "http://[::1]:8080/p?ttclid=C"),
    ],
)
def test_the_click_id_is_added_and_nothing_else_changes(to: str, landing: str) -> None:
    """It is the last parameter of the query and the only one of its name; path, query and fragment stay."""
    assert landing_url(to, "C", allow_remote=False) == landing


@pytest.mark.parametrize(
    "to",
    [
        "https://shop.example.com/",
        "http://127.0.0.1@shop.example.com/",
        "http://user:secret@127.0.0.1/",
        "http://shop.example.com\\@127.0.0.1/",
        "http://127.0.0.1\t.example.com/",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1 /",
        "http://①②⑦.0.0.1/",
        "//127.0.0.1/",
        "/p",
        "javascript:alert(1)//127.0.0.1",
        "ftp://127.0.0.1/",
        "http://",
        "http://[127.0.0.1/",
        "",
    ],
)
def test_other_targets_are_refused(to: str) -> None:
    """Only http(s) addresses of this machine, spelled so that no browser reads them otherwise."""
    with pytest.raises(FullcountError, match="cannot be an ad's target"):
        landing_url(to, "C", allow_remote=False)


def test_elsewhere_is_allowed_when_asked_for() -> None:
    """With `allow_remote` the host may be any, and the scheme still only http or https."""
    assert landing_url("https://shop.example.com/", "C", allow_remote=True) == "https://shop.example.com/?ttclid=C"
    with pytest.raises(FullcountError, match="no http"):
        landing_url("javascript:alert(1)", "C", allow_remote=True)


PARAMETER_TEXT = st.text(alphabet="abc%20+=~._-", max_size=6)


@given(pairs=st.lists(st.tuples(PARAMETER_TEXT, PARAMETER_TEXT), max_size=5), fragment=PARAMETER_TEXT)
def test_whatever_the_query_it_is_kept(pairs: list[tuple[str, str]], fragment: str) -> None:
    """Every parameter of the target is in the landing address, in order, and the fragment is the same."""
    to = f"{HERE}/p?{'&'.join(f'{name}={value}' for name, value in pairs)}#{fragment}"
    landing = urlsplit(landing_url(to, "C", allow_remote=False))
    before = parse_qsl(urlsplit(to).query, keep_blank_values=True)
    assert parse_qsl(landing.query, keep_blank_values=True) == [*before, ("ttclid", "C")]
    assert landing.fragment == urlsplit(to).fragment


def test_click_ids_are_never_used_twice() -> None:
    """Each is new, begins as TikTok's do, and needs no escaping in a URL."""
    made = {new_click_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"E\.C\.P\.[A-Za-z0-9_-]{64}", one) for one in made)
