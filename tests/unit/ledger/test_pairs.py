"""Pairing: what reached TikTok on which way, and what it would count of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.ledger.dedup import count_copies, pair_off
from fullcount.ledger.pair_findings import Finding, findings_of
from fullcount.ledger.pairs import NUMBERS, PairDay, pair_days, total_of
from fullcount.queue.copies import Channel, Copy

NOON = 1_795_089_600.0  # 2026-11-19T12:00:00Z
DAY = 86_400.0
PAGE, SHOP, WOULD, RELAY = Channel.PIXEL, Channel.SERVER, Channel.OBSERVED, Channel.RELAYED


def copy(channel: Channel, event_id: str, at: float = 0.0, value: float | None = 20.0, **more: Any) -> Copy:
    """Return a purchase's copy `at` seconds after noon."""
    key = event_id.encode().ljust(16, b"\0") if event_id else b""
    given = {"source": "shop", "pixel": "store", "event": "CompletePayment", "currency": "EUR", **more}
    return Copy(channel=channel, key=key, event_id=event_id, at=NOON + at, value=value, **given)


def numbers(copies: Sequence[Copy], **more: Any) -> dict[str, int]:
    """Return the numbers that are not 0 of one pixel's one event."""
    days = pair_days(copies, **more)
    if not days:
        return {}
    total = total_of(days)
    return {name: value for name in NUMBERS if (value := getattr(total, name))}


BOTH = {"both": 1, "copies": 2, "counted": 1, "counted_aliased": 1}


@pytest.mark.parametrize(
    ("case", "copies", "expected"),
    [
        ("both halves", [copy(PAGE, "1"), copy(SHOP, "1", 5)], BOTH),
        ("browser only", [copy(PAGE, "1")], {"browser_only": 1, "copies": 1, "counted": 1, "counted_aliased": 1}),
        ("server only", [copy(SHOP, "1")], {"server_only": 1, "copies": 1, "counted": 1, "counted_aliased": 1}),
        ("told twice, sent once", [copy(PAGE, "1"), copy(SHOP, "1", 5), copy(SHOP, "1", 3 * DAY)], BOTH),
        ("both halves told to us", [copy(PAGE, "1"), copy(RELAY, "1", 1, 19.0), copy(SHOP, "1", 5)], BOTH),
        ("five reloads", [copy(PAGE, "1", n) for n in range(5)] + [copy(SHOP, "1", 5)], BOTH | {"copies": 6}),
        (
            "two names",
            [copy(PAGE, "1"), copy(SHOP, "1", 5, event="Purchase")],
            BOTH | {"names_differ": 1, "counted": 2},
        ),
        ("two values", [copy(PAGE, "1"), copy(SHOP, "1", 5, 23.8)], BOTH | {"values_differ": 1}),
        ("two currencies", [copy(PAGE, "1"), copy(SHOP, "1", 5, currency="USD")], BOTH | {"values_differ": 1}),
        ("a value that one does not say", [copy(PAGE, "1", 0, None), copy(SHOP, "1", 5, currency=None)], BOTH),
        ("too late to be merged", [copy(PAGE, "1"), copy(SHOP, "1", 301)], BOTH | {"discarded": 1}),
        (
            "a visit three days later",
            [copy(PAGE, "1"), copy(SHOP, "1", 5), copy(PAGE, "1", 3 * DAY)],
            BOTH | {"copies": 3, "counted": 2, "counted_aliased": 2, "again": 1},
        ),
        (
            "one id for all orders",
            [copy(PAGE, "order", n, 10.0 + n) for n in range(3)],
            {"browser_only": 1, "reused": 1, "copies": 3, "counted": 1, "counted_aliased": 1},
        ),
        (
            "two ids for one order",
            [copy(PAGE, "a"), copy(SHOP, "1", 60)],
            {"browser_only": 1, "server_only": 1, "ids_differ": 1, "copies": 2, "counted": 2, "counted_aliased": 2},
        ),
        (
            "two ids for one order, of which we relay the page's",
            [copy(PAGE, "a"), copy(RELAY, "a", 1), copy(SHOP, "1", 60)],
            BOTH | {"server_only": 1, "ids_differ": 1, "copies": 3, "counted": 2, "counted_aliased": 2},
        ),
        (
            "the same where the pixel was blocked",
            [copy(RELAY, "a", 1), copy(SHOP, "1", 60)],
            {"server_only": 2, "ids_differ": 1, "copies": 2, "counted": 2, "counted_aliased": 2},
        ),
        (
            "two orders of other values",
            [copy(PAGE, "a"), copy(SHOP, "1", 60, 21.0)],
            {"browser_only": 1, "server_only": 1, "copies": 2, "counted": 2, "counted_aliased": 2},
        ),
        (
            "two orders an hour apart",
            [copy(PAGE, "a"), copy(SHOP, "1", 3_600)],
            {"browser_only": 1, "server_only": 1, "copies": 2, "counted": 2, "counted_aliased": 2},
        ),
        (
            "no id in the browser",
            [copy(PAGE, ""), copy(SHOP, "1", 5), copy(PAGE, "", 9, 33.0)],
            {
                "server_only": 1,
                "without_id": 2,
                "without_id_twice": 1,
                "copies": 3,
                "counted": 3,
                "counted_aliased": 3,
            },
        ),
        (
            "an id and no id for one order",
            [copy(PAGE, ""), copy(PAGE, "1"), copy(SHOP, "1", 5)],
            BOTH | {"without_id": 1, "without_id_twice": 1, "copies": 3, "counted": 2, "counted_aliased": 2},
        ),
        ("what would be sent counts for nothing yet", [copy(WOULD, "1")], {}),
    ],
)
def test_each_way_of_meeting(case: str, copies: list[Copy], expected: dict[str, int]) -> None:
    """The numbers of one event, by how its copies met; whoever tells us first changes nothing."""
    assert numbers(copies) == expected, case
    assert numbers(copies[::-1]) == expected, case


def test_page_views_of_some_and_no_ids_of_others_are_not_taken_for_one() -> None:
    """What has no value is not told by its time alone: one visitor's pixel is blocked, another's is not."""
    pages = [copy(PAGE, "", n, None, event="Pageview") for n in range(3)]
    relayed = [copy(RELAY, f"{n}", n, None, event="Pageview") for n in range(3)]
    found = numbers(pages + relayed)

    assert (found["without_id"], found["server_only"], found["counted"]) == (3, 3, 6)
    assert "without_id_twice" not in found


def test_two_sides_that_share_no_id_at_all_are_told_by_time() -> None:
    """Each half makes ids of its own: every event counts twice, though none has a value."""
    pages = [copy(PAGE, f"p{n}", n * 60, None, event="ViewContent") for n in range(3)]
    shop = [copy(SHOP, f"s{n}", n * 60 + 1, None, event="ViewContent") for n in range(3)]

    assert numbers(pages + shop)["ids_differ"] == 3
    assert "ids_differ" not in numbers([*pages, *shop, copy(PAGE, "s0", 2, None, event="ViewContent")])


def test_what_never_left_reached_nobody() -> None:
    """A dead letter, or a delivery withheld in the end, is not counted as sent."""
    copies = [copy(PAGE, "1"), copy(SHOP, "1", 5), copy(SHOP, "2")]

    assert numbers(copies, unsent={copies[1].key, copies[2].key})["browser_only"] == 1


def test_what_would_be_sent_can_be_tried_before_it_is() -> None:
    """An observing source's events are taken as sent; another's are not."""
    copies = [copy(PAGE, ""), copy(WOULD, "1", 5), copy(WOULD, "2", source="backend")]
    found = numbers(copies, if_live="shop")

    assert (found["server_only"], found["without_id_twice"], found["counted"]) == (1, 1, 2)


def test_days_are_those_of_an_events_first_copy() -> None:
    """An id that began the day before does not begin again; days before `since` are left out."""
    copies = [copy(PAGE, "1", -13 * 3_600), copy(SHOP, "1"), copy(PAGE, "2"), copy(PAGE, "3", DAY)]
    days = pair_days(copies)

    assert [(day.day, day.both, day.browser_only) for day in days] == [
        ("2026-11-18", 1, 0),
        ("2026-11-19", 0, 1),
        ("2026-11-20", 0, 1),
    ]
    assert pair_days(copies, since=NOON) == days[1:]


def test_pixels_and_events_stand_apart() -> None:
    """Old and new names of one event are one; the same id at another pixel, or of another event, is another."""
    copies = [
        copy(PAGE, "1", event="Purchase"),
        copy(SHOP, "1"),
        copy(SHOP, "1", pixel="outlet"),
        copy(PAGE, "1", event="AddToCart"),
    ]

    assert [(day.pixel, day.event, day.both) for day in pair_days(copies)] == [
        ("outlet", "Purchase", 0),
        ("store", "AddToCart", 0),
        ("store", "Purchase", 1),
    ]


copies_strategy = st.lists(
    st.builds(
        copy,
        st.sampled_from(Channel),
        st.sampled_from(["", "1", "2", "3", "4"]),
        st.floats(-3 * DAY, 3 * DAY),
        st.sampled_from([None, 10.0, 20.0, 20.001]),
        event=st.sampled_from(["CompletePayment", "Purchase"]),
        currency=st.sampled_from([None, "EUR", "USD"]),
    ),
    max_size=12,
)


@given(copies_strategy, st.randoms(use_true_random=False))
def test_the_prediction_keeps_its_bounds(copies: list[Copy], random: Any) -> None:
    """Never less than there are ids, never more than there are copies; aliases only join; order is nothing."""
    days = pair_days(copies, if_live="shop")
    ids = {each.key for each in copies if each.key}
    nameless = sum(not each.key for each in copies if each.channel is Channel.PIXEL)
    total = total_of(days) if days else PairDay(pixel="", event="", day="")

    assert total.both + total.browser_only + total.server_only == len(ids)
    assert len(ids) + nameless <= total.counted_aliased <= total.counted <= total.copies <= len(copies)
    assert all(day.too_many >= 0 for day in days)
    assert total.without_id_twice <= total.without_id == nameless
    shuffled = list(copies)
    random.shuffle(shuffled)
    assert [{name: getattr(day, name) for name in NUMBERS} for day in pair_days(shuffled, if_live="shop")] == [
        {name: getattr(day, name) for name in NUMBERS} for day in days
    ]


@given(copies_strategy)
def test_one_more_telling_of_the_server_counts_no_more(copies: list[Copy]) -> None:
    """We send each event once, however often we are told."""
    again = [each for each in copies if each.channel is Channel.SERVER]

    assert numbers(copies).get("counted") == numbers([*copies, *again]).get("counted")


@given(st.lists(st.floats(0, 10 * DAY), max_size=10))
def test_a_count_is_one_for_each_48_hours_at_most(times: list[float]) -> None:
    """The window is anchored at the first copy that counts; more copies never count fewer."""
    count = count_copies(times)

    assert (count >= 1) == bool(times)
    assert count <= 1 + (max(times, default=0) - min(times, default=0)) // (2 * DAY)
    assert all(count_copies(times[:n]) <= count for n in range(len(times)))


@given(st.lists(st.integers(0, 100)), st.lists(st.integers(0, 100)), st.integers(0, 20))
def test_each_is_paired_once_and_with_one_near_it(one: list[int], other: list[int], within: int) -> None:
    """Both lists sorted, no index stands twice; and there is no pair left that could be made of the rest."""
    mine, theirs = sorted(map(float, one)), sorted(map(float, other))
    pairs = pair_off(mine, theirs, within)
    left = {i for i, _ in pairs}, {j for _, j in pairs}

    assert len(left[0]) == len(left[1]) == len(pairs)
    assert all(abs(mine[i] - theirs[j]) <= within for i, j in pairs)
    assert not any(
        abs(mine[i] - theirs[j]) <= within
        for i in range(len(mine))
        if i not in left[0]
        for j in range(len(theirs))
        if j not in left[1]
    )


def found(copies: Sequence[Copy]) -> dict[str, Finding]:
    """Return the findings of one event by their code."""
    return {finding.code: finding for finding in findings_of(total_of(pair_days(copies)))}


def test_findings_say_what_why_and_how_to_mend_it() -> None:
    """Twelve purchases without an id in the browser: they count twice, and the third argument mends it."""
    copies = [copy(PAGE, "", n, 10.0 + n) for n in range(12)] + [copy(SHOP, f"{n}", n, 10.0 + n) for n in range(12)]
    finding = found(copies)["without_id"]

    assert finding.said.startswith("12 purchases reached TikTok from the browser without an event_id")
    assert "they count twice" in finding.said
    assert "{event_id: ORDER_ID}" in finding.fix
    assert (finding.count, finding.is_double, len(finding.examples)) == (12, True, 5)


def test_what_counts_double_is_told_from_what_does_not() -> None:
    """Names, ids and late copies double; reused ids, other values and late halves are worth knowing."""
    doubled = [
        copy(PAGE, "n"),
        copy(SHOP, "n", event="Purchase"),
        copy(PAGE, "a", 0, 7.0),
        copy(SHOP, "b", 0, 7.0),
        copy(PAGE, "n", 3 * DAY),
    ]
    known = [copy(PAGE, "v"), copy(SHOP, "v", 400, 21.0), copy(PAGE, "r", 0, 1.0), copy(PAGE, "r", 1, 2.0)]

    assert {code: finding.is_double for code, finding in found(doubled).items()} == {
        "ids_differ": True,
        "names_differ": True,
        "again": True,
    }
    assert {code: finding.is_double for code, finding in found(known).items()} == {
        "reused": False,
        "values_differ": False,
        "discarded": False,
    }
    assert found(doubled)["ids_differ"].examples == ("a and b",)
    assert found([copy(PAGE, "1"), copy(SHOP, "1", 5)]) == {}


def test_copies_without_an_id_are_told_where_the_server_sends_such_events_too() -> None:
    """Not of page views, which never have one; and not where only the browser sends them."""
    nameless, ours = copy(PAGE, "", 0, 5.0), copy(SHOP, "1", 5)
    finding = found([nameless, ours])["unmatched"]

    assert (finding.count, finding.is_double) == (1, False)
    assert found([nameless]) == {}
    assert found([copy(PAGE, "", event="Pageview", value=None), copy(SHOP, "1", event="Pageview", value=None)]) == {}


def test_one_is_told_in_the_singular() -> None:
    """A person reads it."""
    assert found([copy(PAGE, "a"), copy(SHOP, "b")])["ids_differ"].said.startswith("1 purchase came")
    assert found([copy(PAGE, "a", event="Search"), copy(SHOP, "b", event="Search")])["ids_differ"].said.startswith(
        "1 Search event came"
    )
