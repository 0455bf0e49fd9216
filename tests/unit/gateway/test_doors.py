"""Which sender a path belongs to: fixed paths, patterns, webhooks, and the prefix that pages are served under."""

from __future__ import annotations

from pathlib import Path

import pytest

from fullcount.config.decode import decode
from fullcount.config.load import completed
from fullcount.config.rules import rules_of
from fullcount.gateway.doors import Doors, Listed
from fullcount.pipeline.terms import terms_of
from fullcount.sources.registry import SENDERS

NOW = 1_775_053_900.0
PIXEL = {"name": "store", "code": "CEXAMPLE0PIXEL000001", "access_token": "test-token"}


def doors(*kinds: str, prefix: str = "/fc") -> Doors:
    """Return the doors of a gateway with a source of each kind."""
    rows = [
        {"name": f"my-{kind}", "kind": kind, "key": f"test-key-of-{kind}-01", "pixels": ["store"]} for kind in kinds
    ]
    settings = completed(decode({"pixels": [PIXEL], "sources": rows, "browser": {"prefix": prefix}}, {}), Path())
    terms = terms_of(settings, NOW)
    sources = {each.name: (each.kind, Listed(rules_of(each, settings), terms[each.name])) for each in settings.sources}
    return Doors(SENDERS.values(), sources, settings.browser.prefix)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/r7/x/e", "beacon"),
        ("/r7/x/e/", "beacon"),
        ("/r7/x/s", "shopify pixel"),
        ("/r7/x/fc.js", "/r7/x/fc.js"),
        ("/r7/x/fc.0123456789ab.js", "/r7/x/fc.HASH.js"),
    ],
)
def test_pages_are_served_under_the_prefix(path: str, route: str) -> None:
    """Each with its name in metrics, its own sender and source."""
    found = doors("browser", prefix="/r7/x").find(path)
    assert found is not None
    assert (found.route, found.sender.kind) == (route, "browser")
    assert [each.rules.name for each in found.listed] == ["my-browser"]


@pytest.mark.parametrize(
    "path", ["/fc/e", "/r7/x", "/r7/x/", "/r7/x/fc.0123456789.js", "/r7/x/fc-0123456789ab.js", "/e"]
)
def test_nothing_else_is_there(path: str) -> None:
    """Neither the default prefix, nor what only looks alike."""
    assert doors("browser", prefix="/r7/x").find(path) is None


def test_what_anybody_may_call_is_bounded() -> None:
    """Beacons of 64 KB, and shed; a webhook as large as the settings say, and never shed."""
    beacon, webhook = (
        doors("browser", "shopify").find("/fc/e"),
        doors("browser", "shopify").find("/webhooks/my-shopify"),
    )
    assert beacon is not None
    assert webhook is not None
    assert (beacon.is_public, beacon.max_bytes) == (True, 65_536)
    assert (webhook.is_public, webhook.max_bytes) == (False, None)


def test_a_sender_without_a_source_has_no_door() -> None:
    """Its paths are not there, and not named to who took a wrong turn."""
    found = doors("shopify")
    assert found.find("/fc/e") is None
    assert found.find("/webhooks/other") is None
    assert found.paths() == ["/webhooks/{source}"]
    assert doors("browser").paths() == ["/fc/e", "/fc/s", "/fc/fc.js", "/fc/fc.HASH.js"]
