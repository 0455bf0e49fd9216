"""Server events with anything in them: the event that can still be made, and never an exception."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.fixtures import NOW, fixture, ran
from tests.unit.sources.meta.posting import FORM, JSON, TOKEN, request
from tests.unit.sources.mutants import changed, mutants, mutated

from fullcount.config.schema import default_text, field_of
from fullcount.errors import InvalidEvent
from fullcount.identity.advanced_matching import MOST_VALUES
from fullcount.sources.meta.options import MetaOptions
from fullcount.sources.meta.sender import Meta
from fullcount.sources.sender import Refused, Rules
from fullcount.sources.source import RawRequest

PURCHASE = json.loads(fixture("meta_capi/purchase_json_nodesdk.json").body)
BATCH = json.loads(fixture("meta_capi/batch_mixed_awkward.json").body)
DOCUMENT = (Path(__file__).parents[4] / "docs" / "sources" / "meta.md").read_text(encoding="utf-8")
META = Meta()
RULES = Rules(name="capi", keys=(TOKEN,))
_NEEDED = {("event_name",), ("action_source",), ("event_time",)}


def test_a_purchase_with_something_wrong_in_it_is_still_a_purchase() -> None:
    """Each of its values missing, null or of another type: the purchase leaves with its other fields."""
    tried = 0
    for path, event in mutants(PURCHASE["data"][0]):
        result = ran("meta", request({"data": [event]}), TOKEN)
        assert result.intake.broken == (), path
        tried += 1
        if path not in _NEEDED:
            (arrival,) = result.arrivals
            is_negative = any(problem.code == "value_negative" for problem in arrival.result.problems)
            assert arrival.entries or is_negative, path
    assert tried > 300


@given(body=st.sampled_from([PURCHASE, BATCH]).flatmap(mutated), headers=st.sampled_from([JSON, FORM, {}]))
def test_no_body_breaks_it(body: Any, headers: dict[str, str]) -> None:
    """Recorded bodies with anything in them are read or refused, and break nothing."""
    with contextlib.suppress(InvalidEvent):
        found = ran("meta", request(json.dumps(body).encode(), headers), TOKEN, app_id="1")
        assert found.is_authentic
        assert found.intake.broken == ()


@given(
    body=st.binary(max_size=200) | st.binary(max_size=80).map(lambda raw: b"--b\r\n" + raw + b"\r\n--b--"),
    media_type=st.sampled_from(["application/json", "multipart/form-data; boundary=b", "", "text/plain"])
    | st.text(max_size=30),
)
def test_no_bytes_break_it(body: bytes, media_type: str) -> None:
    """Arbitrary bytes under any type are not authentic, and are read or refused."""
    asked = RawRequest(body, path="/1/events", headers={"content-type": media_type}, received_at=NOW)
    assert not META.admits(asked, RULES)
    with contextlib.suppress(InvalidEvent):
        META.read(asked, RULES)
    assert META.answer(asked, Refused(401, "unauthorized", "", "")).status == 401


def test_the_page_names_every_option_with_its_default() -> None:
    """docs/sources/meta.md has a row for each key that this kind alone takes."""
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", DOCUMENT, flags=re.MULTILINE))
    assert rows == {key: default_text(field_of(MetaOptions, key)) for key in MetaOptions.__struct_fields__}


def test_of_a_list_of_any_length_a_person_has_ten() -> None:
    """What is beyond is not even looked at, and that there was more is said."""
    numbers = [f"1555010{number:04}" for number in range(9_999)]
    hashes = [f"{number:064x}" for number in range(50_000)]
    result = ran(
        "meta", request({"data": [changed(PURCHASE["data"][0], ("user_data",), {"ph": numbers, "em": hashes})]}), TOKEN
    )
    (reading,) = result.intake.readings
    assert reading.event is not None
    assert isinstance(reading.event.user.phone, tuple)
    assert isinstance(reading.event.user.email, tuple)
    assert (len(reading.event.user.phone), len(reading.event.user.email)) == (MOST_VALUES + 1, MOST_VALUES + 1)
    said = [
        problem.path
        for arrival in result.arrivals
        for problem in arrival.result.problems
        if problem.code == "too_many_values"
    ]
    assert said == ["user.email", "user.phone"]
