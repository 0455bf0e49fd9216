"""TikTok's return codes, their words, and the HTTP status that some people believe in."""

from __future__ import annotations

import msgspec

OK = 0
PARTIAL_SUCCESS = 20001
NO_PERMISSION = 40001
INVALID_PARAMETER = 40002
TOO_MANY_REQUESTS = 40100
TOKEN_MISSING = 40104
TOKEN_INCORRECT = 40105

MESSAGES: dict[int, str] = {
    OK: "OK",
    PARTIAL_SUCCESS: "Partial success.",
    40000: "Request data error.",
    NO_PERMISSION: "Permission error: The access token lacks the required scope for endpoint.",
    INVALID_PARAMETER: "Invalid parameter.",
    40016: "Too many requests. Please retry in some time.",
    TOO_MANY_REQUESTS: "Too many requests. Please retry in some time.",
    40101: "App id and secret do not match.",
    40102: "Access token has expired.",
    40103: "Refresh token has expired.",
    TOKEN_MISSING: "Access token is empty.",
    TOKEN_INCORRECT: "Access token is incorrect or has been revoked.",
    40107: "Refresh token is invalid.",
    40133: "Too many requests. Please retry in some time.",
    50000: "System error.",
    50001: "Service unavailable.",
    50002: "Processing error.",
    51001: "Internal timeout.",
    51021: "Too many requests.",
    60001: "System is under maintenance.",
}

_THROTTLED = frozenset({40016, TOO_MANY_REQUESTS, 40133, 51021})
_UNAUTHORISED = frozenset({NO_PERMISSION, 40101, 40102, 40103, TOKEN_MISSING, TOKEN_INCORRECT, 40107})


class Refusal(msgspec.Struct, frozen=True):
    """Why a request was not taken: TikTok's code and message."""

    code: int
    message: str


def invalid(message: str) -> Refusal:
    """Return the refusal for a body that breaks the schema."""
    return Refusal(INVALID_PARAMETER, message)


def refusal(code: int) -> Refusal:
    """Return the refusal for `code` in TikTok's usual words."""
    return Refusal(code, message_for(code))


def message_for(code: int) -> str:
    """Return the words that go with `code`.

    >>> message_for(40105)
    'Access token is incorrect or has been revoked.'
    """
    return MESSAGES.get(code, "Request failed.")


def http_status_for(code: int) -> int:
    """Return the HTTP status that a service with REST manners would use for `code`.

    >>> [http_status_for(code) for code in (0, 40002, 40105, 40100, 50000)]
    [200, 400, 401, 429, 500]
    """
    if code in (OK, PARTIAL_SUCCESS):
        return 200
    if code in _THROTTLED:
        return 429
    if code in _UNAUTHORISED:
        return 401
    if code == 60001:
        return 503
    return 500 if code >= 50000 else 400
