"""Names, addresses and secrets under unlisted keys are known by their keys."""

from __future__ import annotations

from typing import Any

import pytest

from fullcount.events.model import Content, Event, Properties, User
from fullcount.identity.identify import IdentityRules, identify
from fullcount.identity.privacy import NameKind, kind_of
from fullcount.identity.urls import clean_url

PERSONAL = (
    *("fn", "ln", "customer_name", "billing_first_name", "billingLastName", "customer[first_name]", "address"),
    *("date_of_birth", "dateOfBirth", "ip_address", "client_ip", "zp", "shipping_address1", "username", "zip"),
)
SECRETS = ("password", "session_token", "access_token", "api_key", "sid")
PLAIN = ("content_name", "list_name", "brand", "filename", "shipping", "tip", "gtm_version", "client_name_count")


@pytest.mark.parametrize("key", PERSONAL)
def test_a_personal_key_is_known_by_its_last_words(key: str) -> None:
    """What stands before the word makes no difference."""
    assert kind_of(key) is NameKind.PERSON


@pytest.mark.parametrize("key", PLAIN)
def test_a_shops_own_key_is_not_personal(key: str) -> None:
    """A name of a thing, or a word that ends like a personal one, says nothing of a person."""
    assert kind_of(key) in {NameKind.PLAIN, NameKind.ID}


@pytest.mark.parametrize("key", [*PERSONAL, *SECRETS])
@pytest.mark.parametrize("value", ["Jane", 123456, ["Jane", "Roe"], {"line": "Jane"}])
def test_personal_and_secret_values_are_not_stored(key: str, value: Any) -> None:
    """Neither the user's, the event's, the properties' nor an item's unlisted keys bring them into the store."""
    event = Event(
        event="Purchase",
        user=User(extra={key: value, "plan": "gold"}),
        properties=Properties(extra={key: value, "deep": {key: value}}, contents=(Content(extra={key: value}),)),
        extra={"deep": {key: value}},
    )
    hashed, problems = identify(event, "order-1", IdentityRules())
    assert hashed.user.extra == {"plan": "gold"}
    assert hashed.properties.extra == {key: "(removed)", "deep": {key: "(removed)"}}
    assert hashed.properties.contents[0].extra == {key: "(removed)"}
    assert hashed.extra == {"deep": {}}
    assert {problem.code for problem in problems} == {"identifier_in_extra", "identifier_removed"}


def test_a_bare_name_is_a_persons_where_a_person_stands() -> None:
    """Under user or customer a name is a person's; a product keeps its own."""
    properties = Properties(extra={"customer": {"name": "Jane"}, "product": {"name": "Hat"}, "name": "Hats"})
    event = Event(event="Purchase", user=User(extra={"name": "Jane"}), properties=properties)
    hashed, _ = identify(event, "order-1", IdentityRules())
    assert hashed.user.extra is None
    assert hashed.properties.extra == {"customer": {"name": "(removed)"}, "product": {"name": "Hat"}, "name": "Hats"}


@pytest.mark.parametrize(
    "parameter", ["customer%5Bfirst_name%5D=Jane", "billing_first_name=Jane", "customer[name]=Jane", "address=Main+St"]
)
def test_personal_parameters_leave_the_url(parameter: str) -> None:
    """A parameter whose name ends like a personal one goes whole."""
    assert clean_url(f"https://shop.example/thanks?{parameter}&order=7") == "https://shop.example/thanks?order=7"
