"""Calls with anything in them: the event that can still be made, and never an exception."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.fixtures import NOW, fixture, ran
from tests.unit.sources.mutants import mutants, mutated
from tests.unit.sources.segment.calling import BASIC, BROWSER, KEY, request

from fullcount.config.schema import default_text, field_of
from fullcount.errors import InvalidEvent
from fullcount.sources.segment.names import KINDS, NAMES
from fullcount.sources.segment.options import SegmentOptions
from fullcount.sources.segment.sender import Segment
from fullcount.sources.sender import Refused, Rules
from fullcount.sources.source import RawRequest

ORDER = json.loads(fixture("segment/track_order_completed.json").body)
BATCH = json.loads(fixture("segment/batch_server_python.json").body)
PAGE = json.loads(fixture("segment/browser_page_text_plain.json").body)
DOCUMENT = (Path(__file__).parents[4] / "docs" / "sources" / "segment.md").read_text(encoding="utf-8")
SEGMENT = Segment()
RULES = Rules(name="cdp", keys=(KEY,))
# Without these it is another call, or one for nobody.
_MAKES_THE_ORDER = {("type",), ("event",), ("integrations",), ("integrations", "TikTok Conversions"), ("timestamp",)}


def test_an_order_with_something_wrong_in_it_is_still_an_order() -> None:
    """Each of its values missing, null or of another type: the purchase leaves with its other fields."""
    tried = 0
    for path, body in mutants(ORDER):
        result = ran("segment", request(body, "/v1/track"), KEY)
        assert result.intake.broken == (), path
        tried += 1
        if path not in _MAKES_THE_ORDER:
            (arrival,) = result.arrivals
            is_negative = any(problem.code == "value_negative" for problem in arrival.result.problems)
            assert arrival.entries or is_negative, path
    assert tried > 500


def test_a_batch_with_something_wrong_in_it_breaks_nothing() -> None:
    """What is wrong with the envelope or a call is said of it; 400 is only for a body that holds no calls."""
    for path, body in mutants(BATCH):
        try:
            assert ran("segment", request(body), KEY).intake.broken == (), path
        except InvalidEvent:
            assert path == ("batch",), path


@given(body=st.sampled_from([ORDER, BATCH, PAGE]).flatmap(mutated), path=st.sampled_from(sorted(KINDS)))
def test_no_body_breaks_it(body: Any, path: str) -> None:
    """Recorded bodies with anything in them, at any door, from server and browser, under every option."""
    encoded = json.dumps(body).encode()
    for headers in (BASIC, BROWSER):
        with contextlib.suppress(InvalidEvent):
            options: dict[str, Any] = {"custom_events": True, "refund_event": "Refund"}
            found = ran("segment", request(encoded, path, headers, client_ip="203.0.113.9"), KEY, **options)
            assert found.is_authentic
            assert found.intake.broken == ()


@given(body=st.binary(max_size=80), authorization=st.text(max_size=40), path=st.text(max_size=40))
def test_no_bytes_break_it(body: bytes, authorization: str, path: str) -> None:
    """Arbitrary bytes are not authentic, and are read or refused as no calls."""
    asked = RawRequest(body, path=path, headers={"authorization": authorization}, received_at=NOW)
    assert not SEGMENT.admits(asked, RULES)
    with contextlib.suppress(InvalidEvent):
        SEGMENT.read(asked, RULES)
    SEGMENT.greet(asked, [RULES])
    assert SEGMENT.answer(asked, Refused(401, "unauthorized", "", "")).status == 401


def test_the_page_names_every_option_with_its_default() -> None:
    """docs/sources/segment.md has a row for each key that this kind alone takes."""
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", DOCUMENT, flags=re.MULTILINE))
    assert rows == {key: default_text(field_of(SegmentOptions, key)) for key in SegmentOptions.__struct_fields__}


def test_the_page_names_every_door_and_name() -> None:
    """Each path, and each name of the table, stands on the page."""
    for word in (*KINDS, *NAMES):
        assert f"`{word}`" in DOCUMENT, word
