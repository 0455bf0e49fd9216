"""The made-up users: the same for the same plan, and of nobody who exists."""

from __future__ import annotations

import ipaddress
import re

import msgspec
import pytest

from fullcount.emulator.ads.population import LARGEST, PopulationPlan, Shares, make_population, sha256_hex

EXAMPLE_NETWORKS = [
    ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


def test_the_same_plan_makes_the_same_people() -> None:
    """Size and seed decide all; another seed makes others, and a larger population begins with the smaller one."""
    plan = PopulationPlan(size=50, seed=7)
    people = make_population(plan)
    assert make_population(plan) == people
    assert make_population(PopulationPlan(size=80, seed=7))[:50] == people
    assert make_population(PopulationPlan(size=50, seed=8)) != people


def test_nobody_of_them_exists() -> None:
    """Addresses are of example.com and of the documentation's networks, numbers are +1 … 555 01xx; all are unique."""
    people = make_population(PopulationPlan(size=LARGEST))
    for person in people:
        assert re.fullmatch(r"user-\d{5}@example\.com", person.email)
        assert re.fullmatch(r"\+1[2-9]\d\d55501\d\d", person.phone)
        address = ipaddress.ip_address(person.ip)
        assert any(address in network for network in EXAMPLE_NETWORKS if network.version == address.version)
    for key in ("name", "email", "phone", "external_id", "ttp"):
        assert len({getattr(person, key) for person in people}) == LARGEST


def test_a_user_section_carries_digests() -> None:
    """What an event carries of a person is hashed where TikTok wants it hashed; the plain values stand beside it."""
    (person,) = make_population(PopulationPlan(size=1))
    shown = person.to_builtins()
    assert shown["plain"]["email"] == "user-00001@example.com"
    assert shown["user"]["email"] == sha256_hex("user-00001@example.com")
    assert shown["user"]["ttp"] == person.ttp


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0, 0), (0.5, 400, 600), (1.0, 1000, 1000)])
def test_shares_say_of_how_many_a_key_is_known(share: float, low: int, high: int) -> None:
    """TikTok knows each key of about that share of people, and the other keys of everybody."""
    people = make_population(PopulationPlan(size=1000, known=Shares(email=share)))
    assert low <= sum("email" in person.known for person in people) <= high
    assert all("phone" in person.known for person in people)


@pytest.mark.parametrize("wrong", [{"size": -1}, {"size": LARGEST + 1}, {"known": {"email": 2}}, {"colour": 1}])
def test_an_impossible_plan_is_refused(wrong: dict[str, object]) -> None:
    """A size or a share beyond its bounds is no plan."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, PopulationPlan)
