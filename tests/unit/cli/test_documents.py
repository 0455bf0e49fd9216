"""Files of events are read whole or line by line, and say where something is wrong."""

from __future__ import annotations

import io

import pytest

from fullcount.cli.documents import Item, opened, read_items
from fullcount.errors import ConfigError, InvalidEvent


def items(text: bytes) -> list[Item]:
    """Read all the events of a text."""
    return list(read_items(io.BytesIO(text)))


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (b'{"event":"Purchase"}', ["the event"]),
        (b'\n\n{"event":\n"Purchase"}\n', ["the event"]),
        (b'[{"event":"Purchase"}]', ["the event"]),
        (b'[{"event":"Purchase"},{"event":"Lead"}]', ["0", "1"]),
        (b'{"events":[{"event":"Purchase"}]}', ["events.0"]),
        (b'{"event":"Purchase"}\n{"event":"Lead"}\n', ["line 1", "line 2"]),
        (b'\n{"event":"Purchase"}\n\n\n{"event":"Lead"}', ["line 2", "line 5"]),
    ],
)
def test_events_come_as_object_list_envelope_or_lines(text: bytes, places: list[str]) -> None:
    """Each form gives its events in order, and each knows where it stood."""
    found = items(text)

    assert [item.place for item in found] == places
    assert all(item.problem is None and b"event" in item.event for item in found)


def test_a_bad_line_costs_only_itself() -> None:
    """Lines around one that is no JSON object are events all the same."""
    found = items(b'{"event":"Purchase"}\n{"event":\n3\n{"event":"Lead"}\n')

    assert [item.problem.code if item.problem else "" for item in found] == ["", "not_json", "not_an_object", ""]


def test_a_line_that_cannot_be_read_says_why() -> None:
    """A line in another charset or nested without end is named, and those around it are events."""
    latin, deep = '{"event":"Köln"}'.encode("latin-1"), b'{"event":' + b"[" * 100_000
    found = items(b'{"event":"Purchase"}\n{"event":"Lead"}\n' + latin + b"\n" + deep)

    assert [item.problem.reason if item.problem else "" for item in found] == [
        "",
        "",
        "byte 11 is not UTF-8",
        "it is nested too deep",
    ]


def test_lines_are_read_as_they_come() -> None:
    """The second event is there before the third line is read."""
    file = io.BytesIO(b'{"a":1}\n{"b":2}\n{"c":3}\n')
    found = read_items(file)

    assert next(found).event == b'{"a":1}'
    assert next(found).event == b'{"b":2}'
    assert file.read() == b'{"c":3}\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "empty"),
        (b"hello", "not JSON"),
        (b'{"event_source":"web","data":[]}', "TikTok's own API"),
        ('{"event":"Köln"}'.encode("latin-1"), "byte 11 is not UTF-8"),
        (b'{"event":' + b"[" * 100_000, "nested too deep"),
    ],
)
def test_a_file_that_holds_no_events_says_why(text: bytes, said: str) -> None:
    """What is empty, no JSON, or for TikTok's own API is refused as a whole."""
    with pytest.raises(InvalidEvent, match=said):
        items(text)


def test_a_file_that_cannot_be_read_is_named() -> None:
    """The system's reason is passed on."""
    with pytest.raises(ConfigError, match="cannot be read: No such file"), opened("absent.json"):
        pass


def test_an_item_does_not_show_its_event() -> None:
    """The repr tells the place and the size only."""
    assert repr(items(b'{"user":{"email":"customer@example.com"}}')[0]) == "Item(the event, 41 bytes)"
