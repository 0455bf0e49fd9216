"""What TikTok's codes and HTTP statuses mean to us, as data, each with its evidence.

The official list of return codes was not to be had (November 2026): most rows come from fixtures of large integrations.
HTTP 200 says nothing: TikTok answers application errors with it (same fixtures), so the body's code comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from fullcount.delivery.destination import Kind


class Evidence(StrEnum):
    """How sure a row is."""

    OFFICIAL_CODE = "official code"  # in code that TikTok publishes
    THIRD_PARTY = "third party"  # in fixtures or documentation of a large integration
    SMALL_SOURCE = "small source"  # in one small repository
    GUESS = "guess"


RENEW_ACCESS = (
    "make a new token in TikTok Events Manager (the pixel's settings, Generate access token) and put it in the settings"
)
GRANT_ROLE = (
    "give the token's owner the admin or operator role on the pixel's advertiser account, "
    "or check that the pixel's code and token belong together"
)

# The words of 40001 were seen under 40002 too, in an older version of the same integration's documentation.
PERMISSION_WORDS = "no permission"


class CodeRow(msgspec.Struct, frozen=True):
    """The codes from `first` to `last` (inclusive), what they mean, and what a person should do."""

    first: int
    last: int
    kind: Kind
    meaning: str
    evidence: Evidence
    fix: str = ""


class StatusRow(msgspec.Struct, frozen=True):
    """The HTTP statuses from `first` to `last` (inclusive), read where the body has no code that decides.

    `stern` statuses also win over a code that would take or bury the batch.
    """

    first: int
    last: int
    json_kind: Kind  # with a JSON object as body
    page_kind: Kind  # with anything else, such as a gateway's HTML page
    meaning: str
    evidence: Evidence
    stern: bool = False


# The first row that matches counts.
CODES: tuple[CodeRow, ...] = (
    CodeRow(0, 0, Kind.TAKEN, "taken", Evidence.OFFICIAL_CODE),
    CodeRow(20001, 20001, Kind.TAKEN, "partial success; never seen for events", Evidence.THIRD_PARTY),
    CodeRow(40000, 40000, Kind.INVALID, "the request's data is wrong", Evidence.OFFICIAL_CODE),
    CodeRow(40001, 40001, Kind.NOT_ALLOWED, "no permission for this pixel", Evidence.THIRD_PARTY, GRANT_ROLE),
    CodeRow(40002, 40002, Kind.INVALID, "a field is missing or has a wrong type", Evidence.THIRD_PARTY),
    CodeRow(40016, 40016, Kind.THROTTLED, "too many requests", Evidence.SMALL_SOURCE),
    CodeRow(40100, 40100, Kind.THROTTLED, "too many requests", Evidence.THIRD_PARTY),
    CodeRow(40101, 40104, Kind.NOT_ALLOWED, "the token is empty or expired", Evidence.SMALL_SOURCE, RENEW_ACCESS),
    CodeRow(40105, 40105, Kind.NOT_ALLOWED, "the token is wrong or was revoked", Evidence.THIRD_PARTY, RENEW_ACCESS),
    CodeRow(40107, 40107, Kind.NOT_ALLOWED, "the token cannot be renewed", Evidence.SMALL_SOURCE, RENEW_ACCESS),
    CodeRow(40133, 40133, Kind.THROTTLED, "too many requests", Evidence.SMALL_SOURCE),
    CodeRow(40000, 49999, Kind.UNKNOWN_REFUSAL, "a refusal that we do not know", Evidence.GUESS),
    CodeRow(50000, 50000, Kind.UNAVAILABLE, "system error", Evidence.THIRD_PARTY),
    # A time-out inside TikTok is an answer that we can read, but not one that says nothing was taken.
    CodeRow(51001, 51001, Kind.LOST, "TikTok's own time-out", Evidence.SMALL_SOURCE),
    CodeRow(51021, 51021, Kind.THROTTLED, "too many requests", Evidence.SMALL_SOURCE),
    CodeRow(50001, 59999, Kind.UNAVAILABLE, "not available", Evidence.SMALL_SOURCE),
    CodeRow(60001, 60001, Kind.UNAVAILABLE, "maintenance", Evidence.SMALL_SOURCE),
)
UNLISTED = CodeRow(0, 0, Kind.LOST, "a code that we do not know", Evidence.GUESS)

STATUSES: tuple[StatusRow, ...] = (
    StatusRow(401, 401, Kind.NOT_ALLOWED, Kind.UNAVAILABLE, "not allowed", Evidence.GUESS, stern=True),
    StatusRow(403, 403, Kind.NOT_ALLOWED, Kind.UNAVAILABLE, "not allowed", Evidence.GUESS, stern=True),
    StatusRow(413, 413, Kind.TOO_LARGE, Kind.TOO_LARGE, "the request is too large", Evidence.GUESS, stern=True),
    StatusRow(429, 429, Kind.THROTTLED, Kind.THROTTLED, "too many requests", Evidence.GUESS, stern=True),
    StatusRow(300, 499, Kind.UNAVAILABLE, Kind.UNAVAILABLE, "turned away before TikTok", Evidence.GUESS),
    # nginx pages with 502 are on record (fixtures): what stood behind it may have taken the batch.
    StatusRow(100, 599, Kind.LOST, Kind.LOST, "no answer that can be read", Evidence.THIRD_PARTY),
)
_TAKES_OR_BURIES = frozenset({Kind.TAKEN, Kind.INVALID, Kind.UNKNOWN_REFUSAL})


def row_of_code(code: int) -> CodeRow:
    """Return the row of a code in TikTok's body.

    >>> row_of_code(40105).kind, row_of_code(40110).kind, row_of_code(51021).kind
    (<Kind.NOT_ALLOWED: 'not_allowed'>, <Kind.UNKNOWN_REFUSAL: 'unknown_refusal'>, <Kind.THROTTLED: 'throttled'>)
    """
    return next((row for row in CODES if row.first <= code <= row.last), UNLISTED)


def meaning_of(status: int, *, is_json: bool, code: int | None) -> tuple[Kind, str, str]:
    """Return what an answer means, in words, and what mends it: by its code, and by its status where that must decide.

    >>> meaning_of(200, is_json=True, code=40002)[0]
    <Kind.INVALID: 'invalid'>
    >>> meaning_of(403, is_json=True, code=None)[0], meaning_of(403, is_json=False, code=None)[0]
    (<Kind.NOT_ALLOWED: 'not_allowed'>, <Kind.UNAVAILABLE: 'unavailable'>)
    """
    by_status = _row_of_status(STATUSES, status)
    if code is not None:
        row = row_of_code(code)
        if not (by_status.stern and row.kind in _TAKES_OR_BURIES):
            return row.kind, row.meaning, row.fix
    kind = by_status.json_kind if is_json else by_status.page_kind
    return kind, by_status.meaning, RENEW_ACCESS if kind is Kind.NOT_ALLOWED else ""


def _row_of_status(rows: Sequence[StatusRow], status: int) -> StatusRow:
    return next((row for row in rows if row.first <= status <= row.last), rows[-1])
