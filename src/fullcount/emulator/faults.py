"""Scripted failures, consumed in order: one for each request that reaches a TikTok path."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import msgspec

from fullcount.errors import ConfigError

Times = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Status = Annotated[int, msgspec.Meta(ge=200, le=599)]


class _Fault(msgspec.Struct, tag_field="kind", forbid_unknown_fields=True, kw_only=True):
    times: Times = 1


class CodeFault(_Fault, tag="code"):
    """Answer with this code; 0 and 20001 take the batch, the others do not."""

    code: int
    message: str = ""
    status: Status | None = None
    retry_after: Seconds | None = None


class HttpFault(_Fault, tag="http"):
    """Answer as a gateway does: a bare HTTP status with an HTML page."""

    status: Status
    retry_after: Seconds | None = None


class DelayFault(_Fault, tag="delay"):
    """Take the batch at once and answer late, by real time."""

    seconds: Seconds


class ResetFault(_Fault, tag="reset"):
    """Break the connection with RST; take nothing."""


class DropAnswerFault(_Fault, tag="drop_answer"):
    """Take the batch, then break the connection before the answer."""


class GarbageFault(_Fault, tag="garbage"):
    """Answer with an HTML page in place of JSON; take nothing."""

    status: Status = 200


class DownFault(_Fault, tag="down"):
    """Break every connection for so many seconds of the emulator's clock, once its turn has come."""

    seconds: Seconds


class RejectEventFault(msgspec.Struct, tag_field="kind", tag="reject_event", forbid_unknown_fields=True, kw_only=True):
    """Refuse each request that carries this event_id, until reset (or `times` times)."""

    event_id: str
    message: str = "Not a valid value."
    index: bool = True
    code: int = 40002
    times: Times | None = None


Fault = CodeFault | HttpFault | DelayFault | ResetFault | DropAnswerFault | GarbageFault | DownFault | RejectEventFault
AnyFault = TypeVar("AnyFault", bound=Fault)


class FaultScript(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /_emulator/faults`."""

    faults: list[Fault]


def read_faults(faults: Sequence[Fault | dict[str, Any]]) -> list[Fault]:
    """Return the faults that these plain dicts describe.

    Raises:
        ConfigError: a kind or a key is unknown, or a value has the wrong type.
    """
    plain = [msgspec.to_builtins(fault) for fault in faults]
    try:
        return msgspec.convert({"faults": plain}, FaultScript).faults
    except msgspec.ValidationError as error:
        raise ConfigError(
            str(error), where="faults", fix="see docs/emulator.md for the kinds and their keys"
        ) from error


class FaultQueue:
    """The faults that wait for their turn, and the events that are refused wherever they turn up."""

    def __init__(self) -> None:
        self._waiting: deque[Fault] = deque()
        self._down_until: float | None = None
        self.rejected: dict[str, RejectEventFault] = {}

    def add(self, faults: Sequence[Fault], now: float) -> None:
        """Append `faults`; an outage whose turn has come begins at `now`."""
        for fault in faults:
            if isinstance(fault, RejectEventFault):
                self.rejected[fault.event_id] = fault
            else:
                self._waiting.append(msgspec.structs.replace(fault))
        self._begin_outage(now)

    def clear(self) -> None:
        """Forget all faults."""
        self._waiting.clear()
        self._down_until = None
        self.rejected.clear()

    def waiting(self) -> list[Fault]:
        """Return what has not been used up, the next one first."""
        return [*self._waiting, *self.rejected.values()]

    def next(self, now: float) -> Fault | None:
        """Return the fault that this request meets, and use it up by one."""
        while self._down_until is not None:
            if now < self._down_until:
                return self._waiting[0]
            began_next = self._down_until
            self._down_until = None
            self._use_up()
            self._begin_outage(began_next)
        if not self._waiting:
            return None
        fault = self._waiting[0]
        self._use_up()
        self._begin_outage(now)
        return fault

    def used_on(self, fault: RejectEventFault) -> None:
        """Note that `fault` refused a request."""
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                del self.rejected[fault.event_id]

    def _use_up(self) -> None:
        fault = self._waiting[0]
        left = (fault.times or 1) - 1
        if left == 0:
            self._waiting.popleft()
        else:
            fault.times = left

    def _begin_outage(self, now: float) -> None:
        if self._down_until is None and self._waiting and isinstance(self._waiting[0], DownFault):
            self._down_until = now + self._waiting[0].seconds
