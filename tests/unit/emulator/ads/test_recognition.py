"""Who an event is about: by which key, and what is learned on the way."""

from __future__ import annotations

from typing import Any

import pytest

from fullcount.emulator.ads.population import KEYS, Person, PopulationPlan, Shares, make_population
from fullcount.emulator.ads.recognition import Directory, Recognition
from fullcount.emulator.ads.touches import Touch

PIXEL, OTHER_PIXEL = "CEXAMPLE0PIXEL000001", "CEXAMPLE0PIXEL000002"
PEOPLE = make_population(PopulationPlan(size=3))
ANNA, BEN, _ = PEOPLE


def click(click_id: str = "C1", person: str = "clicker-1") -> Touch:
    """Return a click."""
    return Touch(kind="click", at=1.0, person=person, click_id=click_id)


def user_of(person: Person, *keys: str) -> dict[str, Any]:
    """Return these keys of a person, as an event carries them."""
    user = person.to_builtins()["user"]
    names = [name for key in keys for name in (("ip", "user_agent") if key == "ip_and_user_agent" else (key,))]
    return {name: user[name] for name in names}


@pytest.mark.parametrize("key", KEYS)
def test_each_key_alone_is_enough(key: str) -> None:
    """A person is recognised by any one of the keys that TikTok has of them."""
    assert Directory(PEOPLE, []).recognise(user_of(ANNA, key), PIXEL) == Recognition(ANNA.name, (key,))


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_tiktok_lacks_says_nothing(key: str) -> None:
    """Where a share is 0, that key matches nobody."""
    people = make_population(PopulationPlan(size=3, known=Shares(**{key: 0.0})))
    assert Directory(people, []).recognise(user_of(people[0], key), PIXEL) is None


@pytest.mark.parametrize(
    "user",
    [
        {},
        {"email": "0" * 64, "ttp": "unknown", "ttclid": "E.C.P.unknown"},
        {"ip": ANNA.ip},
        {"user_agent": ANNA.user_agent},
        {"ip": ANNA.ip, "user_agent": BEN.user_agent + "x"},
        {"email": ANNA.email, "external_id": ANNA.external_id},
        {"email": 7, "ttp": None, "phone": [None, 7, ""], "ip": {}, "user_agent": []},
    ],
)
def test_nobody_is_recognised_without_a_known_key(user: dict[str, Any]) -> None:
    """Unknown, plain, halved and mistyped values match nobody."""
    assert Directory(PEOPLE, []).recognise(user, PIXEL) is None


def test_the_keys_are_listed_the_strongest_first() -> None:
    """All keys that point to the person are named in their order; hashes match in either case, and in lists."""
    user = user_of(ANNA, "ip_and_user_agent", "ttp", "email", "phone")
    user["email"] = ["0" * 64, user["email"].upper()]
    found = Directory(PEOPLE, [click(person=ANNA.name)]).recognise({**user, "ttclid": "C1"}, PIXEL)
    assert found == Recognition(ANNA.name, ("ttclid", "email", "phone", "ttp", "ip_and_user_agent"))


def test_where_keys_disagree_the_strongest_decides() -> None:
    """Anna's e-mail with Ben's cookie is Anna, by her e-mail alone."""
    user = {**user_of(ANNA, "email"), **user_of(BEN, "ttp")}
    assert Directory(PEOPLE, []).recognise(user, PIXEL) == Recognition(ANNA.name, ("email",))


def test_an_address_that_two_share_matches_neither() -> None:
    """IP with user agent counts only where it is one person's alone."""
    twin = Person(
        name="twin", email="t@example.com", phone="+12015550199", external_id="t", ttp="t", ip=ANNA.ip,
        user_agent=ANNA.user_agent, known=KEYS,
    )  # fmt: skip
    assert Directory([ANNA, twin], []).recognise(user_of(ANNA, "ip_and_user_agent"), PIXEL) is None


def test_a_cookie_is_learned_from_an_event_that_also_has_a_stronger_key() -> None:
    """The shop's `_ttp` and external_id, seen once beside an e-mail, are that person's on this pixel from then on."""
    directory = Directory(PEOPLE, [])
    cookie, customer = {"ttp": "shop-cookie"}, {"external_id": "c" * 64}
    assert directory.recognise(cookie, PIXEL) is None
    directory.recognise({**user_of(ANNA, "email"), **cookie, **customer}, PIXEL)
    assert directory.recognise(cookie, PIXEL) == Recognition(ANNA.name, ("ttp",))
    assert directory.recognise(customer, PIXEL) == Recognition(ANNA.name, ("external_id",))
    assert directory.recognise(cookie, OTHER_PIXEL) is None


def test_a_click_of_nobody_becomes_somebodys() -> None:
    """Who clicked is known once their e-mail comes with the click ID; then the click is among their touches."""
    directory = Directory(PEOPLE, [click()])
    assert directory.recognise({"ttclid": "C1", "ttp": "t"}, PIXEL) == Recognition("clicker-1", ("ttclid",))
    assert directory.touches_of(ANNA.name) == []
    found = directory.recognise({"ttclid": "C1", **user_of(ANNA, "email")}, PIXEL)
    assert found == Recognition(ANNA.name, ("ttclid", "email"))
    assert directory.touches_of(ANNA.name) == [click()]
    assert directory.recognise({"ttp": "t"}, PIXEL) == Recognition(ANNA.name, ("ttp",))


def test_two_clicks_of_one_browser_are_one_clickers() -> None:
    """A second ad click with the cookie of the first joins both, in whichever order events come later."""
    clicks = [click("C1", "clicker-1"), click("C2", "clicker-2")]
    directory = Directory(PEOPLE, clicks)
    directory.recognise({"ttclid": "C1", "ttp": "t"}, PIXEL)
    directory.recognise({"ttclid": "C2", "ttp": "t"}, PIXEL)
    found = directory.recognise({"ttp": "t"}, PIXEL)
    assert found is not None
    assert sorted(touch.click_id for touch in directory.touches_of(found.person)) == ["C1", "C2"]


def test_named_people_are_never_joined() -> None:
    """One event with the keys of two of the population leaves both as they are."""
    directory = Directory(PEOPLE, [click(person=BEN.name)])
    directory.recognise({**user_of(ANNA, "email"), **user_of(BEN, "ttp")}, PIXEL)
    assert directory.touches_of(ANNA.name) == []
    assert directory.touches_of(BEN.name) == [click(person=BEN.name)]
