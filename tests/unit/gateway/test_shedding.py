"""A flood from one address is shed, its purchases last, and nobody else is touched."""

from __future__ import annotations

import msgspec
import pytest

from fullcount.config.settings import BrowserSide
from fullcount.events.reading import Reading
from fullcount.events.tie import Tie, TieKind
from fullcount.gateway.shedding import MOST_BUCKETS, Shedding
from fullcount.sources.source import Ignored, Intake, PixelCopy, Refund, Sighting

LIMITS = BrowserSide(events_per_minute=10, purchases_per_minute=3, total_per_minute=1_000)
NOW = 1_000.0


def named(*names: str) -> Intake:
    """Return a request with events of these names."""
    return Intake(tuple(Reading(None, (), name, "") for name in names))


def test_a_normal_visit_is_taken_whole() -> None:
    """Below the measure nothing is shed."""
    spared = Shedding(LIMITS, NOW).spare(named("Pageview", "AddToCart", "Purchase"), "192.0.2.1", "web", NOW)

    assert (len(spared.intake.readings), spared.shed, spared.is_refused) == (3, 0, False)


def test_page_events_go_first_and_purchases_last() -> None:
    """An address that has used up its page events may still buy."""
    shedding = Shedding(LIMITS, NOW)
    shedding.spare(named(*["Pageview"] * 10), "192.0.2.1", "web", NOW)
    spared = shedding.spare(named("Pageview", "CompletePayment"), "192.0.2.1", "web", NOW)

    assert [reading.name for reading in spared.intake.readings] == ["CompletePayment"]
    assert (spared.shed, spared.is_refused) == (1, False)


def test_purchases_are_bounded_too() -> None:
    """A script that forges purchases is stopped at its own measure."""
    spared = Shedding(LIMITS, NOW).spare(named(*["Purchase"] * 5), "192.0.2.1", "web", NOW)

    assert (len(spared.intake.readings), spared.shed) == (3, 2)


def test_other_visitors_and_sources_are_unharmed() -> None:
    """The measure is that of one address at one source."""
    shedding = Shedding(LIMITS, NOW)
    shedding.spare(named(*["Pageview"] * 50), "192.0.2.1", "web", NOW)

    assert shedding.spare(named("Pageview"), "192.0.2.1", "web", NOW).is_refused
    assert not shedding.spare(named("Pageview"), "192.0.2.2", "web", NOW).is_refused
    assert not shedding.spare(named("Pageview"), "192.0.2.1", "other", NOW).is_refused


def test_a_subscribers_ipv6_addresses_are_one() -> None:
    """Who changes the last 64 bits gets no new measure."""
    shedding = Shedding(LIMITS, NOW)
    shedding.spare(named(*["Pageview"] * 10), "2001:db8:1:2::1", "web", NOW)

    assert shedding.spare(named("Pageview"), "2001:db8:1:2:9::9", "web", NOW).is_refused


def test_a_minute_later_it_is_all_there_again() -> None:
    """Buckets fill evenly, and never beyond a minute's worth."""
    shedding = Shedding(LIMITS, NOW)
    shedding.spare(named(*["Pageview"] * 10), "192.0.2.1", "web", NOW)

    assert len(shedding.spare(named(*["Pageview"] * 10), "192.0.2.1", "web", NOW + 30).intake.readings) == 5
    assert len(shedding.spare(named(*["Pageview"] * 20), "192.0.2.1", "web", NOW + 9_000).intake.readings) == 10


def test_a_request_without_events_counts_as_one() -> None:
    """An address cannot flood with empty beacons either."""
    shedding = Shedding(LIMITS, NOW)
    refused = [shedding.spare(Intake(()), "192.0.2.1", "web", NOW).is_refused for _ in range(12)]

    assert refused == [False] * 10 + [True] * 2


def test_all_together_are_bounded_but_for_purchases() -> None:
    """A flood from very many addresses sheds page events; purchases still pass."""
    shedding = Shedding(BrowserSide(total_per_minute=5), NOW)
    taken = [shedding.spare(named("Pageview"), f"192.0.2.{i}", "web", NOW) for i in range(8)]

    assert [spared.is_refused for spared in taken] == [False] * 5 + [True] * 3
    assert not shedding.spare(named("Purchase"), "192.0.2.200", "web", NOW).is_refused


def test_the_table_of_addresses_is_bounded() -> None:
    """Whoever was silent for longest is forgotten; who is active stays bounded."""
    shedding = Shedding(BrowserSide(events_per_minute=1, total_per_minute=10**9), NOW)
    shedding.spare(named("Pageview"), "192.0.2.1", "web", NOW)
    for i in range(MOST_BUCKETS + 10):
        shedding.spare(Intake(()), f"2001:db8:{i // 65_536:x}:{i % 65_536:x}::1", "web", NOW)

    assert len(shedding._by_caller) == MOST_BUCKETS
    assert not shedding.spare(named("Pageview"), "192.0.2.1", "web", NOW).is_refused


@pytest.mark.parametrize(
    ("kind", "row", "taken"),
    [
        ("pixel_copies", PixelCopy("Purchase", "order-1", NOW), 9),
        ("ignored", Ignored("unknown_topic", "scroll"), 9),
        ("refunds", Refund("1", "1001", 9.0), 9),
        ("sightings", Sighting((Tie(TieKind.CLIENT_ID, "1.2"),)), 10),
    ],
)
def test_whatever_is_stored_is_counted_like_page_events(kind: str, row: object, taken: int) -> None:
    """A request full of anything uses up the address's measure; what is over it is not stored."""
    intake = msgspec.structs.replace(Intake(()), **{kind: (row,) * 20})
    spared = Shedding(LIMITS, NOW).spare(intake, "192.0.2.1", "web", NOW)

    assert (len(getattr(spared.intake, kind)), spared.shed, spared.is_refused) == (taken, 20 - taken, False)
