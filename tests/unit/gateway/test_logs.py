"""Log lines: one shape, masked on their way out."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest

from fullcount.clock import ManualClock
from fullcount.config.settings import Log, LogFormat
from fullcount.gateway.logs import ForwardHandler, make_logger, where_it_broke

NOW = 1_775_053_900.25


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return what was logged."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_time_level_and_its_values() -> None:
    """JSON lines carry the clock's time, the level and what was said."""
    stream = io.StringIO()
    make_logger(Log(format=LogFormat.JSON), ManualClock(NOW), stream).info("started", port=8080, ok=True, none=None)

    assert lines(stream) == [
        {
            "timestamp": "2026-04-01T14:31:40.250Z",
            "event": "started",
            "port": 8080,
            "ok": True,
            "none": None,
            "level": "info",
        }
    ]


def test_every_text_is_masked_and_bounded() -> None:
    """Identifiers and tokens in any value, nested in lists or in an object's words, do not pass."""
    stream = io.StringIO()
    log = make_logger(Log(format=LogFormat.JSON), ManualClock(NOW), stream)
    log.warning(
        "for jane@example.com",
        message="Bearer test-token-abc",
        several=["203.0.113.42", {"email": "jane@example.com"}],
        error=ValueError("+15550100199"),
        long="x" * 100_000,
    )

    (line,) = lines(stream)
    assert line["event"] == "for [email]"
    assert len(line["long"]) == 2_000
    assert not any(word in stream.getvalue() for word in ("jane", "test-token", "203.0", "5550100199"))


def test_no_value_is_cut_before_it_is_masked() -> None:
    """Where a long text ends, half of an address does not stay behind."""
    stream = io.StringIO()
    log = make_logger(Log(format=LogFormat.JSON), ManualClock(NOW), stream)
    log.warning("long", text="x " * 996 + "jane@example.com", thing=["y " * 996 + "jane@example.com"])

    assert "jane" not in stream.getvalue()


def test_lines_below_the_level_are_not_written() -> None:
    """The level of the settings holds."""
    stream = io.StringIO()
    log = make_logger(Log(format=LogFormat.JSON, level="warning"), ManualClock(NOW), stream)
    log.info("quiet")
    log.warning("loud")

    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_without_a_terminal_the_format_is_json() -> None:
    """What is not set is json into a file or a pipe, and console where it is asked for."""
    piped, console = io.StringIO(), io.StringIO()
    make_logger(Log(), ManualClock(NOW), piped).info("started")
    make_logger(Log(format=LogFormat.CONSOLE), ManualClock(NOW), console).info("started", port=8080)

    assert lines(piped)[0]["event"] == "started"
    assert "started" in console.getvalue()
    assert not console.getvalue().startswith("{")


def broken() -> ValueError:
    """Return an error that was raised, with somebody's address in its words."""
    with pytest.raises(ValueError, match="invalid literal") as raised:
        int("jane@example.com")
    return raised.value


def test_an_error_is_told_by_type_and_place() -> None:
    """Its words may be a visitor's and are left out."""
    told = where_it_broke(broken())

    assert told["error"] == "ValueError"
    assert told["at"].rpartition(":")[2].isdigit()
    assert "jane" not in str(told)


def test_libraries_log_into_the_same_stream() -> None:
    """What uvicorn or aiohttp say arrives as a line, an exception by its type and place only."""
    stream = io.StringIO()
    handler = ForwardHandler(make_logger(Log(format=LogFormat.JSON), ManualClock(NOW), stream))
    logger = logging.getLogger("fullcount.tests.library")
    logger.propagate = False
    logger.addHandler(handler)
    logger.info("too quiet to matter")
    logger.error("Exception in %s", "ASGI application", exc_info=broken())
    logger.removeHandler(handler)

    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["error"]) == (
        "Exception in ASGI application",
        "fullcount.tests.library",
        "ValueError",
    )
    assert "jane" not in stream.getvalue()
