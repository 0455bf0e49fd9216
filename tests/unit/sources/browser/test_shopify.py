"""The web pixel's half agrees with the webhook's in name, id, items and ties."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.fixtures import Fixture, fixture, fixtures
from tests.unit.sources.mutants import changed, mutants, mutated, paths_of
from tests.unit.sources.shopify.shop import body_of, come

from fullcount.events.model import Half
from fullcount.events.reading import Reading
from fullcount.events.tie import TieKind
from fullcount.sources.browser.shopify import NAMES, pixel_event
from fullcount.sources.catalogue import Catalogue, Value
from fullcount.sources.sender import Rules
from fullcount.sources.source import Ignored

RULES = Rules(name="shop")
TOKEN = "af90fdf5da895a30d06fd963c7309f4c"


def recorded(name: str) -> dict[str, Any]:
    """Return a recorded pixel event."""
    body: dict[str, Any] = json.loads(fixture(f"shopify_pixel/{name}.json").body)
    return body


def reading_of(body: dict[str, Any], rules: Rules = RULES) -> Reading:
    """Return the reading of one that makes an event."""
    found = pixel_event(body, rules)
    assert isinstance(found, Reading)
    return found


@pytest.mark.parametrize("each", fixtures("shopify_pixel/"), ids=lambda each: each.file)
def test_a_recorded_pixel_event_gives_what_the_index_expects(each: Fixture) -> None:
    """Name, id, value, items, e-mail and click ID are those of the index."""
    reading = pixel_event(json.loads(each.body), Rules(name="shop"))
    assert isinstance(reading, Reading)
    event = reading.event
    assert event is not None
    for key, wanted in each.expect.items():
        if key in ("event", "event_id"):
            assert getattr(event, key) == wanted
        elif key == "value":
            assert event.properties.value == wanted
        elif key == "contents":
            assert list(event.properties.contents) == wanted
        elif key == "content_id":
            assert [item.content_id for item in event.properties.contents] == [wanted]
        elif key == "email":
            assert event.user.email == wanted
        else:
            assert key == "ttclid"
            assert f"ttclid={wanted}" in (event.page.url or "")


@pytest.mark.parametrize("name", ["checkout_completed", "checkout_completed_gid_redacted"])
@pytest.mark.parametrize("template", [None, "order-{order_id}-purchase", "{checkout_token}"])
def test_both_halves_of_a_purchase_are_one(name: str, template: str | None) -> None:
    """The pixel's purchase has the webhook's event_id under each template, and ties in common."""
    half = reading_of(recorded(name), Rules(name="shop", id_template=template))
    settings = {} if template is None else {"event_id": template}
    found = come(body_of(), **settings)
    assert half.half is Half.BROWSER
    assert half.event_id == found.event.event_id
    assert {TieKind.CHECKOUT_TOKEN, TieKind.ORDER_ID} <= {
        tie.kind for tie in set(half.ties) & set(found.intake.readings[0].ties)
    }
    assert not half.is_id_private


def test_both_halves_name_the_same_items_and_person() -> None:
    """Items, e-mail, phone and customer are the webhook's, whatever the settings choose as an item's id."""
    for content_id in ("{variant_id}", "{sku}", "x_{product_id}_{variant_id}"):
        half = reading_of(
            recorded("checkout_completed"), Rules(name="shop", catalogue=Catalogue(content_id=content_id))
        )
        (webhooks,) = come(body_of(), content_id=content_id).intake.readings
        assert half.event is not None
        assert webhooks.event is not None
        assert half.event.properties.contents[0].content_id == webhooks.event.properties.contents[0].content_id
        for name in ("email", "phone", "external_id", "ttp", "country"):
            assert getattr(half.event.user, name) == getattr(webhooks.event.user, name)


@pytest.mark.parametrize("template", [None, "{order_name}"])
def test_a_purchase_that_cannot_be_named_is_left_to_the_webhook(template: str | None) -> None:
    """Without what the event_id is made of there is no event: under another id it would count beside the webhook's."""
    body = changed(recorded("checkout_completed"), ("data", "checkout", "order"), None)
    found = pixel_event(body, Rules(name="shop", id_template=template))
    assert isinstance(found, Ignored)
    assert found.reason == "event_id_missing"
    assert reading_of(body, Rules(name="shop", id_template="{checkout_token}")).event_id == TOKEN


def test_steps_before_the_order() -> None:
    """A begun checkout has the token, payment data the token with -pay, page events their own id."""
    assert reading_of(recorded("checkout_started")).event_id == TOKEN
    assert reading_of(recorded("payment_info_submitted")).event_id == f"{TOKEN}-pay"
    assert reading_of(recorded("page_viewed")).event_id == "sh-fix00001-AAAA-4BBB-8CCC-DDDDDDDDDDDD"


def test_a_search_has_its_words() -> None:
    """The words that were looked for, and what was found."""
    variant = recorded("product_viewed")["data"]["productVariant"]
    found = {"query": "blue mug", "productVariants": [variant]}
    body = {**recorded("product_viewed"), "name": "search_submitted", "data": {"searchResult": found}}
    event = reading_of(body).event
    assert event is not None
    assert (event.event, event.properties.query, event.properties.search_string) == ("Search", "blue mug", "blue mug")
    assert [item.content_id for item in event.properties.contents] == ["8111"]


@pytest.mark.parametrize(("value", "amount"), [("total", 72.4), ("subtotal", 66), ("without_tax_and_shipping", 66)])
def test_the_value_is_the_settings(value: str, amount: float) -> None:
    """Total, items, or without tax and shipping, as in the webhook."""
    rules = Rules(name="shop", catalogue=Catalogue(value=Value(value)))
    event = reading_of(recorded("checkout_completed"), rules).event
    assert event is not None
    assert event.properties.value == amount
    assert come(body_of(), value=value).event.properties.value == amount


def test_attributes_tell_visitor_consent_and_click() -> None:
    """Cart attributes are key and value here; `_ttp`, click ID and consent are read from them."""
    told = {"ttclid": "E.C.P.fromAttributes1", "fullcount_visitor": "v-1", "fullcount_consent": "denied"}
    attributes = [{"key": key, "value": value} for key, value in told.items()]
    half = reading_of(changed(recorded("checkout_completed"), ("data", "checkout", "attributes"), attributes))
    assert half.event is not None
    assert (half.event.user.ttclid, half.event.consent) == ("E.C.P.fromAttributes1", "denied")
    assert (half.ties[0].kind, half.ties[0].value) == (TieKind.VISITOR, "v-1")


def test_device_and_page() -> None:
    """User agent, language, address and referrer of the page; the window's address where the document has none."""
    body = recorded("page_viewed")
    event = reading_of(body).event
    assert event is not None
    assert event.user.user_agent == body["context"]["navigator"]["userAgent"]
    assert (event.user.locale, event.page.referrer) == ("en-US", "https://www.tiktok.com/")
    assert event.event_time == 1_795_168_871
    bare = reading_of(changed(body, ("context", "document", "location"), None)).event
    assert bare is not None
    assert bare.page.url == body["context"]["window"]["location"]["href"]


def test_what_tiktok_has_no_name_for_is_ignored() -> None:
    """Known and unknown events are told apart; the settings may name either."""
    body = recorded("page_viewed")
    assert pixel_event({**body, "name": "cart_viewed"}, RULES) == Ignored("no_event", "cart_viewed")
    assert pixel_event({**body, "name": "my_event"}, RULES) == Ignored("unknown_topic", "my_event")
    assert pixel_event({**body, "name": None}, RULES) == Ignored("unknown_topic", "")
    named = Rules(name="shop", names={"my_event": "Contact", "page_viewed": ""})
    assert reading_of({**body, "name": "my_event"}, named).name == "Contact"
    assert pixel_event(body, named) == Ignored("no_event", "page_viewed")


@pytest.mark.parametrize("name", ["checkout_completed", "product_added_to_cart", "product_viewed"])
def test_whatever_is_missing_or_odd_an_event_is_left(name: str) -> None:
    """Each value in turn missing, null or of another type: never an exception, and the event that can still be made."""
    body = recorded(name)
    assert len(list(paths_of(body))) > 60
    naming = {("data",)[:depth] + ("checkout", "order", "id")[: depth - 1] for depth in range(1, 5)}
    for path, mutant in mutants(body):
        found = pixel_event(mutant, RULES)
        may_be_unnamed = name == "checkout_completed" and path in naming
        assert isinstance(found, Reading) or path == ("name",) or may_be_unnamed, path


@given(
    st.sampled_from(["checkout_completed", "checkout_started", "product_viewed", "page_viewed"])
    .map(recorded)
    .flatmap(mutated)
)
def test_no_mixture_breaks_it(body: object) -> None:
    """Several odd values at once are read, too."""
    if isinstance(body, dict):
        assert isinstance(pixel_event(body, RULES), Reading | Ignored)


def test_the_page_names_each_event_and_its_id() -> None:
    """docs/sources/shopify-storefront.md has a row for every customer event that makes one of TikTok's."""
    text = (Path(__file__).parents[4] / "docs" / "sources" / "shopify-storefront.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| ([A-Za-z]+) \|", text, flags=re.MULTILINE))
    assert rows == {said: name for said, name in NAMES.items() if name}


def test_a_begun_checkout_is_the_webhooks() -> None:
    """Both name it by its token, so it counts once."""
    webhooks = come(body_of("checkouts_create_anonymous", token=TOKEN), "checkouts/create")
    assert webhooks.event.event_id == reading_of(recorded("checkout_started")).event_id
    assert webhooks.event.canonical == "InitiateCheckout"
