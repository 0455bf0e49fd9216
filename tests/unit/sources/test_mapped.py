"""Who could be found by an event alone is the same for every sender."""

from __future__ import annotations

import pytest

from fullcount.sources.mapped import event_reading, waiting_if_lost
from fullcount.sources.payload import Node

UA = "Test/1.0"


@pytest.mark.parametrize(
    "fields",
    [
        {"user": {"email": "jane@example.com"}},
        {"user": {"phone": "+15550100"}},
        {"user": {"external_id": "u-77"}},
        {"user": {"ttclid": "E.C.P.test"}},
        {"user": {"ttp": "test-browser-id"}},
        {"user": {"ip": "192.0.2.4", "user_agent": UA}},
        {"page": {"url": "https://shop.example.com/?ttclid=E.C.P.test"}},
        {"page": {"referrer": "https://shop.example.com/?ttclid=E.C.P.test"}},
    ],
)
def test_an_event_that_names_somebody_goes_alone(fields: Node) -> None:
    """Any one of these is enough."""
    assert not waiting_if_lost(event_reading({"event": "Search", **fields})).is_lost_alone


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"user": {"ip": "192.0.2.4"}},
        {"user": {"user_agent": UA}},
        {"user": {"city": "berlin", "country": "de", "first_name": "jane"}},
        {"page": {"url": "https://shop.example.com/"}},
    ],
)
def test_an_event_that_names_nobody_waits_for_visitor_memory(fields: Node) -> None:
    """An address alone, a browser alone, a place and a name are no one's."""
    assert waiting_if_lost(event_reading({"event": "Search", **fields})).is_lost_alone


def test_an_event_that_cannot_be_read_is_not_lost_but_wrong() -> None:
    """It keeps its problems."""
    assert not waiting_if_lost(event_reading({"user": {}})).is_lost_alone
