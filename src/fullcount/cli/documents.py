"""What a command reads: a file or standard input, and the events in it, one by one."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from fullcount.cli.curl import looks_like_curl
from fullcount.errors import ConfigError, InvalidEvent
from fullcount.events.problems import Problem

Input = Annotated[str, typer.Argument(metavar="FILE|-", help="A file, or - for standard input.", show_default=False)]

INPUT = "the input"  # what has no name of its own: a pipe
_json = msgspec.json.Decoder()
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Item(msgspec.Struct, frozen=True):
    """One event as it stood in the file: its bytes, or why it is none."""

    place: str  # for a person: "line 3", "events.2"
    event: bytes
    problem: Problem | None = None

    def __repr__(self) -> str:
        return f"Item({self.place}, {len(self.event)} bytes)"


@contextlib.contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Open what a command was told to read.

    Raises:
        ConfigError: the file cannot be opened.
    """
    if name == "-":
        yield sys.stdin.buffer
        return
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(Path(name).open("rb"))
        except OSError as error:
            what = f"cannot be read: {error.strerror}"
            raise ConfigError(what, where=name, fix="name a file, or - for standard input") from None
        yield file


def read_text(name: str) -> bytes:
    """Return the whole of what a command was told to read."""
    with opened(name) as file:
        return file.read()


def read_items(file: BinaryIO) -> Iterator[Item]:
    """Yield the events of a file: one JSON object, a list, `{"events": [...]}`, or one object a line.

    Lines are read as they come, so that a file may be larger than memory. A bad line is an item with a problem.

    Raises:
        InvalidEvent: the file as a whole is not JSON, or a body of TikTok's own API.
    """
    numbered = ((number, line) for number, line in enumerate(file, start=1) if line.strip())
    name = getattr(file, "name", "")
    where = name if isinstance(name, str) and name and not name.startswith("<") else INPUT
    first = next(numbered, (0, b""))
    second = next(numbered, None) if _is_whole_object(first[1]) else None
    if second is None:
        yield from _items_of_document(first[1] + b"".join(line for _, line in numbered), where)
        return
    for number, line in itertools.chain((first, second), numbered):
        yield _line(number, line)


def as_one_document(text: bytes) -> bytes:
    """Return one object a line as a JSON list, so that a check takes what `read_items` takes; else the text as it is.

    Raises:
        InvalidEvent: a line after the first is no JSON object; its number is named.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) < 2 or not _is_whole_object(lines[0][1]):
        return text
    for number, line in lines:
        item = _line(number, line)
        if item.problem is not None:
            raise InvalidEvent((item.problem,), where=item.place)
    return b"[" + b",".join(line for _, line in lines) + b"]"


def _is_whole_object(line: bytes) -> bool:
    try:
        return isinstance(_json.decode(line), dict)
    except _UNREADABLE:
        return False


def _line(number: int, line: bytes) -> Item:
    place = f"line {number}"
    try:
        if isinstance(_json.decode(line), dict):
            return Item(place, line.strip())
        return Item(place, b"", Problem("", "it is not a JSON object", "one event a line", code="not_an_object"))
    except _UNREADABLE as error:
        what, fix = _why_unreadable(error, line, "one JSON object a line")
        return Item(place, b"", Problem("", what, fix, code="not_json"))


def _items_of_document(text: bytes, where: str) -> Iterator[Item]:
    try:
        document: Any = _json.decode(text)
    except _UNREADABLE as error:
        what, fix = _why_unreadable(error, text, "one event, a list of them, or one a line")
        if looks_like_curl(text[:200].decode("utf-8", "replace")):
            what, fix = (
                "it is a curl line",
                f"see what is in it with fullcount check {'-' if where == INPUT else where}",
            )
        raise _refused(what if text.strip() else "it is empty", fix, where) from None
    if isinstance(document, dict) and ("data" in document or "batch" in document):
        raise _refused(
            "this is a body of TikTok's own API",
            "post it to the drop-in route, or see it as our JSON with fullcount check",
            where,
        )
    path, events = "", [document]
    if isinstance(document, list):
        events = document
    elif isinstance(document, dict) and isinstance(document.get("events"), list):
        path, events = "events.", document["events"]
    for index, event in enumerate(events):
        place = f"{path}{index}" if len(events) > 1 or path else "the event"
        if isinstance(event, dict):
            yield Item(place, msgspec.json.encode(event))
        else:
            yield Item(place, b"", Problem("", "it is not a JSON object", "send objects", code="not_an_object"))


def _why_unreadable(error: Exception, text: bytes, fix: str) -> tuple[str, str]:
    """Return what is wrong with a text that cannot be read, and its fix; neither repeats anything of the text."""
    if isinstance(error, UnicodeDecodeError):
        return f"byte {_first_bad_byte(text)} is not UTF-8", "save it as UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deep", "send events as flat as TikTok's are"
    return f"it is not JSON: {error}", fix


def _first_bad_byte(text: bytes) -> int:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _refused(reason: str, fix: str, where: str) -> InvalidEvent:
    return InvalidEvent((Problem("", reason, fix, code="not_json"),), where=where)


def with_time(event: bytes, now: float) -> bytes:
    """Return the event with its time set to `now` (Unix seconds)."""
    fields = _json.decode(event)
    fields.pop("timestamp", None)
    return msgspec.json.encode({**fields, "event_time": int(now)})
