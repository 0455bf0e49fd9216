"""Who is in the shop, what they switched, and what the shop believes of their consent."""

from __future__ import annotations

from typing import get_args, get_type_hints

import msgspec
import pytest

from fullcount.demo.shop_site.switches import CHOICES, Switches, changed
from fullcount.demo.shop_site.visits import MOST_VISITS, Visit, Visits


def test_a_browser_is_known_by_its_cookie() -> None:
    """The same cookie is the same visit; a made-up one is a new visit under an id of the shop's making."""
    visits = Visits()
    first = visits.of("")

    assert visits.of(first.visit_id) is first
    assert visits.of("made-up").visit_id not in {"made-up", first.visit_id}


def test_the_longest_gone_is_forgotten_first() -> None:
    """The shop's memory is bounded, and who came back is not the longest gone."""
    visits = Visits()
    stays, goes = visits.of(""), visits.of("")
    visits.of(stays.visit_id)
    for _ in range(MOST_VISITS - 1):
        visits.of("")

    assert visits.of(stays.visit_id) is stays
    assert visits.of(goes.visit_id) is not goes


def test_the_landing_is_the_first_page_until_an_ad_is_clicked() -> None:
    """A later page does not move it, a later click does."""
    visit = Visit("v")
    visit.land("http://shop/a", "http://elsewhere/")
    visit.land("http://shop/b", "http://shop/a")
    assert (visit.landing_url, visit.landing_referrer) == ("http://shop/a", "http://elsewhere/")
    visit.land("http://shop/c?ttclid=E.C.P.test", "")
    assert visit.landing_url == "http://shop/c?ttclid=E.C.P.test"


@pytest.mark.parametrize(
    ("position", "answer", "consent"),
    [("granted", "", "granted"), ("denied", "granted", "denied"), ("ask", "", ""), ("ask", "denied", "denied")],
)
def test_consent_is_the_switch_s_or_the_visitor_s(position: str, answer: str, consent: str) -> None:
    """Only where the shop asks does the visitor's own answer count."""
    assert Visit("v", switches=changed(Switches(), {"consent": position}), answer=answer).consent == consent


def test_the_panel_offers_every_position_of_every_switch() -> None:
    """What the panel shows is what the shop takes, and its first position is the default."""
    hints = get_type_hints(Switches)
    assert {choice.name: tuple(value for value, _ in choice.positions) for choice in CHOICES} == {
        name: get_args(hints[name]) for name in Switches.__struct_fields__
    }
    assert {choice.name: choice.positions[0][0] for choice in CHOICES} == msgspec.structs.asdict(Switches())


@pytest.mark.parametrize("given", [{"pixel": "gone"}, {"no_such": "loads"}])
def test_a_position_that_there_is_not_is_refused(given: dict[str, str]) -> None:
    """Whoever misspells a switch hears of it."""
    with pytest.raises(msgspec.ValidationError):
        changed(Switches(), given)
