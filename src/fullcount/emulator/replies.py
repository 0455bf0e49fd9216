"""What goes back to the caller: TikTok's envelope, or what a fault makes of it."""

from __future__ import annotations

import secrets
import time

import msgspec

from fullcount.emulator.codes import OK, PARTIAL_SUCCESS, http_status_for, message_for
from fullcount.emulator.faults import (
    CodeFault,
    DelayFault,
    DownFault,
    DropAnswerFault,
    Fault,
    GarbageFault,
    HttpFault,
    ResetFault,
)

_GATEWAY_PAGE = (
    b"<html>\r\n<head><title>Error</title></head>\r\n"
    b"<body>\r\n<center><h1>Error</h1></center>\r\n</body>\r\n</html>\r\n"
)
_TAKING_CODES = frozenset({OK, PARTIAL_SUCCESS})


class Reply(msgspec.Struct):
    """What goes back to the caller; `is_broken`: nothing does, the connection is reset."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    retry_after: float | None = None
    delay_seconds: float = 0.0
    is_broken: bool = False
    fault: str = ""


def request_id_at(now: float) -> str:
    """Return a log id of TikTok's shape: 14 digits of time and 20 hexadecimal ones."""
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(now)) + secrets.token_hex(10).upper()


def envelope(code: int, message: str, request_id: str, *, http_status_errors: bool) -> Reply:
    """Return TikTok's answer for `code`; an empty `message` means its usual words."""
    body = {"code": code, "message": message or message_for(code), "request_id": request_id, "data": {}}
    return Reply(http_status_for(code) if http_status_errors else 200, msgspec.json.encode(body))


def is_looked_at(fault: Fault | None) -> bool:
    """Say whether a request that meets `fault` is still read, and its events taken."""
    if isinstance(fault, CodeFault):
        return fault.code in _TAKING_CODES
    return not isinstance(fault, ResetFault | DownFault | HttpFault | GarbageFault)


def apply_fault(reply: Reply, fault: Fault) -> Reply:
    """Return `reply` as `fault` lets it through."""
    reply.fault = str(type(fault).__struct_config__.tag)
    match fault:
        case ResetFault() | DownFault() | DropAnswerFault():
            reply.is_broken = True
        case HttpFault() | GarbageFault():
            reply.status, reply.body, reply.content_type = fault.status, _GATEWAY_PAGE, "text/html"
        case DelayFault():
            reply.delay_seconds = fault.seconds
        case _:
            pass
    if isinstance(fault, CodeFault):
        reply.status = fault.status or reply.status
    if isinstance(fault, CodeFault | HttpFault):
        reply.retry_after = fault.retry_after
    return reply
