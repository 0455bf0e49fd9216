"""Logs: structlog, JSON for machines or lines for a terminal, and every text masked on its way out."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from fullcount.clock import Clock
from fullcount.config.settings import Log, LogFormat
from fullcount.redact import mask_then_cut

LONGEST_TEXT = 2_000  # characters of one value; TikTok's messages are far shorter

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def make_logger(settings: Log, clock: Clock, stream: TextIO | None = None) -> FilteringBoundLogger:
    """Return a logger that writes to `stream` (standard error); its lines carry time, level and masked values."""
    out = stream or sys.stderr
    as_console = settings.format is LogFormat.CONSOLE or (settings.format is None and out.isatty())
    renderer = structlog.dev.ConsoleRenderer(colors=out.isatty()) if as_console else structlog.processors.JSONRenderer()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(out),
        processors=[structlog.processors.add_log_level, _stamp(clock), _mask_values, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.level]),
    )
    return cast("FilteringBoundLogger", logger)


class ForwardHandler(logging.Handler):
    """Brings what libraries log (uvicorn, aiohttp) into the same stream.

    Of an exception only its type and place are told: its words and its values may be a visitor's.
    """

    def __init__(self, logger: FilteringBoundLogger, level: int = logging.WARNING) -> None:
        super().__init__(level)
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        details = {"logger": record.name}
        if record.exc_info and isinstance(record.exc_info[1], Exception):
            details.update(where_it_broke(record.exc_info[1]))
        self._logger.log(record.levelno, record.getMessage(), **details)


def where_it_broke(error: BaseException) -> dict[str, str]:
    """Return an error's type and the place that raised it, without its words."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    at = "" if trace is None else f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
    return {"error": type(error).__name__, "at": at}


def _stamp(clock: Clock) -> Callable[[WrappedLogger, str, EventDict], EventDict]:
    def stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        moment = datetime.fromtimestamp(clock.now(), tz=UTC)
        timestamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"timestamp": timestamp, "level": event.pop("level"), "event": event.pop("event"), **event}

    return stamp


def _mask_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask_then_cut(value, LONGEST_TEXT)
    if isinstance(value, list | tuple):
        return [_masked(each) for each in value]
    return value if isinstance(value, bool | int | float | None) else mask_then_cut(str(value), LONGEST_TEXT)
