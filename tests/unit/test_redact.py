"""What reaches a log or a screen names nobody."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fullcount.redact import mask, mask_chosen, mask_then_cut

LOCAL = st.from_regex(r"[a-z][a-z0-9._+-]{0,15}[a-z0-9]", fullmatch=True)
AROUND = st.sampled_from(["", " ", "<", ">", '"', "(", ")", ",", ": ", "\n", "mailto:", "/", "?q=", "&"])
IPV4 = st.tuples(st.integers(1, 126), *[st.integers(0, 255)] * 3).map(lambda parts: ".".join(map(str, parts)))
IPV6 = st.ip_addresses(v=6).filter(lambda each: not each.is_loopback and not each.is_unspecified)
PHONE = st.from_regex(r"\+1[ -]?555[ -]?555[ -]?01[0-9]{2}", fullmatch=True)
TOKEN = st.from_regex(r"[A-Za-z0-9._-]{6,40}", fullmatch=True)


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    """A masked text stays as it is."""
    assert mask(mask(text)) == mask(text)


@given(
    st.lists(
        st.one_of(
            st.text(max_size=8),
            LOCAL.map("{}@example.com".format),
            IPV4,
            IPV6.map(str),
            PHONE,
            TOKEN.map("token={}".format),
            TOKEN.map("Bearer {}".format),
            st.sampled_from(["=", ":", '"', "&", "[masked]", "[email]", "phone"]),
        )
    ).map("".join)
)
def test_masking_twice_is_masking_once_among_identifiers(text: str) -> None:
    """The same holds where identifiers, keys and masks run into each other."""
    assert mask(mask(text)) == mask(text)


@given(LOCAL, AROUND, AROUND)
def test_an_email_never_passes(local: str, before: str, after: str) -> None:
    """An e-mail address is masked whatever stands around it, plain or percent-encoded."""
    assert "example.com" not in mask(f"{before}{local}@example.com{after}")
    assert "example.com" not in mask(f"{before}{local}%40example.com{after}")


@given(PHONE, st.sampled_from(["", " ", "(", '"', "tel:", ", "]))
def test_a_phone_number_with_its_country_never_passes(phone: str, before: str) -> None:
    """A phone number with a plus is masked, with or without separators."""
    masked = mask(f"{before}{phone} was refused")

    assert "555" not in masked
    assert "was refused" in masked


@given(IPV4)
def test_an_ipv4_address_never_passes(address: str) -> None:
    """An IPv4 address is masked."""
    assert mask(f"from {address}, port 1") == "from [ip], port 1"


def test_an_ipv4_address_in_an_ipv6_one_never_passes() -> None:
    """A mapped address is masked as one, not in its last part alone."""
    assert mask("from ::ffff:192.0.2.1 today") == "from [ip] today"


@given(IPV6)
def test_an_ipv6_address_never_passes(address: object) -> None:
    """An IPv6 address is masked."""
    assert mask(f"from {address} today") == "from [ip] today"


@given(
    TOKEN,
    st.sampled_from(
        [
            "Access-Token: {}",
            "Authorization: Bearer {}",
            "?ttclid={}&x=1",
            "access_token={}",
            '{{"token": "{}"}}',
            "Bearer {}",
        ]
    ),
)
def test_a_token_or_click_id_never_passes(token: str, shape: str) -> None:
    """The value behind a key that holds credentials or click IDs is masked, in headers, URLs and JSON."""
    assert token not in re.sub(
        r"access[-_]token|Bearer|Authorization|ttclid|token", "", mask(shape.format(token)), flags=re.IGNORECASE
    )


def test_a_hashed_identifier_is_masked() -> None:
    """SHA-256 hex is an identifier too."""
    digest = "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f"

    assert mask(f"no match for {digest}.") == "no match for [hash]."


@pytest.mark.parametrize(
    "text",
    [
        "lane CEXAMPLE0PIXEL000001/web?test=TEST12345: 50 events",
        "event_id order-12345-purchase at 2026-04-01T14:30:00Z",
        "order 5550100199 of 1795357800",
        "request_id 202604011430000123456789ABCDEF0123",
        "listening on http://127.0.0.1:8080 and http://0.0.0.0:8090 and [::1]",
        "took 0.0123 s, 14:30:00, version 1.2.3",
        "event_id 01939b2e-7c1a-7def-8123-0123456789ab",
        "user.phone: the number has no country code",
        "pixels[0].access_token: the secret itself stands in the file",
        "fullcount 0.1.0: No permission to operate pixel code: CEXAMPLE0PIXEL000001.",
    ],
)
def test_what_names_nobody_passes_unchanged(text: str) -> None:
    """Event ids, lanes, request ids, times and loopback addresses stay readable."""
    assert mask(text) == text


def test_a_chosen_id_loses_only_what_is_an_identifier() -> None:
    """In an id that a sender chose an e-mail address and a +phone go; digits alone are an order's and stay."""
    assert mask_chosen("order-15555550100") == "order-15555550100"
    assert mask_chosen("order-+15555550100") == "order-[phone]"
    assert mask_chosen("order-%2B15555550100") == "order-[phone]"
    assert mask_chosen("jane@example.com-1") == "[email]-1"


@given(
    at=st.integers(0, 3_000),
    longest=st.integers(0, 600),
    filling=st.sampled_from(["x", "x ", "@", "jane@example.com "]),
)
@example(at=250, longest=256, filling="x")
def test_no_cut_sets_half_an_identifier_free(at: int, longest: int, filling: str) -> None:
    """Wherever an identifier stands in a long text, none of it is in what is kept."""
    text = filling * (at // len(filling)) + " customer@example.com +1 555 010 0199 " + filling * 500

    for masked in (mask_then_cut(text, longest), mask_chosen(text)):
        assert not re.search(r"custom|\+1|jane", masked)
        assert len(masked) <= max(longest, 256)


def test_a_text_of_megabytes_is_masked_as_far_as_it_is_seen() -> None:
    """What is cut off anyway costs nothing."""
    assert mask_then_cut("x" * 50_000_000 + "@", 100) == "x" * 100
