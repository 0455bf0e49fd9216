"""Waiting for something to become true, with an end: nothing in the demo or the tests sleeps and hopes."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

from fullcount.clock import SystemClock, elapsed_seconds

T = TypeVar("T")

_clock = SystemClock()


@overload
async def eventually(condition: Callable[[], Awaitable[T]], what: str, *, within_seconds: float = ...) -> T: ...
@overload
async def eventually(condition: Callable[[], T], what: str, *, within_seconds: float = ...) -> T: ...
async def eventually(condition: Callable[[], Any], what: str, *, within_seconds: float = 30.0) -> Any:
    """Ask `condition` (a function or a coroutine function) until its answer is truthy, and return that answer.

    Raises:
        TimeoutError: it was not so within `within_seconds`; the error names `what` and the last answer.
    """
    deadline = elapsed_seconds() + within_seconds
    pause = 0.005
    while True:
        answer = condition()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return answer
        if elapsed_seconds() > deadline:
            raise TimeoutError(f"not within {within_seconds:g} s: {what} (last answer: {answer!r})")
        await _clock.sleep(pause)
        pause = min(pause * 1.5, 0.1)
