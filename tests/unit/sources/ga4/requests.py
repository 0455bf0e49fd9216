"""Requests of Google's senders, and what they come to: shared by the tests of this folder."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from tests.unit.sources.fixtures import NOW, Ran, fixture, ran

from fullcount.sources.ga4.options import Ga4Options
from fullcount.sources.sender import Rules
from fullcount.sources.source import RawRequest

SECRET = "fixture"
ID = "G-FIXTURE001"
PURCHASE = fixture("ga4/mp_purchase.json")
SINGLE = fixture("ga4/g_collect_single.body.txt")
BATCH = fixture("ga4/g_collect_batch.body.txt")
DENIED = fixture("ga4/g_collect_consent_denied.body.txt")
DATA = fixture("ga4/sgtm_event_data_purchase.json")
IP = "203.0.113.9"


def rules(**options: Any) -> Rules:
    """Return a source's rules with these options."""
    return Rules(name="shop", keys=(SECRET,), options=Ga4Options(**{"measurement_id": ID, **options}))


def measured(body: Any, *, query: str = f"measurement_id={ID}&api_secret={SECRET}", **settings: Any) -> Ran:
    """Run a Measurement Protocol body; what is no dict is one event's `params` with its name before it."""
    request = RawRequest(json.dumps(body).encode(), path="/mp/collect", query=query, received_at=NOW)
    return ran("ga4", request, SECRET, **settings)


def event(name: str, params: Any = None, **body: Any) -> dict[str, Any]:
    """Return a body with one event of somebody whom TikTok can find."""
    return {"client_id": "111.222", "user_id": "u-77", "events": [{"name": name, "params": params or {}}], **body}


def hit(*lines: dict[str, str], method: str = "POST", headers: Any = None, **query: str) -> RawRequest:
    """Return a request of gtag's with this query, and a line of the body for each dict."""
    shared = {"v": "2", "tid": ID, "cid": "111.222", "sid": "1795160000", "_p": "7", "_s": "1", "gcs": "G111", **query}
    return RawRequest(
        "\r\n".join(urlencode(line) for line in lines).encode(),
        method=method,
        path="/g/collect",
        query=urlencode(shared),
        headers={"user-agent": "Test/1.0", **(headers or {})},
        client_ip=IP,
        received_at=NOW,
    )


def collected(request: RawRequest, **settings: Any) -> Ran:
    """Run one of gtag's requests."""
    return ran("ga4", request, SECRET, **{"measurement_id": ID, **settings})


def posted(
    body: Any, *, query: str = f"v=2&key={SECRET}", method: str = "POST", headers: Any = None, **settings: Any
) -> Ran:
    """Run event data, JSON or bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = RawRequest(raw, method=method, path="/data", query=query, headers=headers or {}, received_at=NOW)
    return ran("ga4", request, SECRET, **settings)


def names(found: Ran) -> list[str]:
    """Return the names of what was read, in order."""
    return [reading.name for reading in found.intake.readings]


def codes(found: Ran) -> set[str]:
    """Return the codes of all that is said of the events."""
    return {problem.code for arrival in found.arrivals for problem in arrival.result.problems}
