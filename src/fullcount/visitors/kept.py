"""What is remembered of a visitor at rest: each thing with its time, so that the order of arrival makes no difference.

Fields are appended, never moved: the stored form is positional.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cmp_to_key
from typing import Any

import msgspec

from fullcount.consent.decision import Signal, read_signal, stricter
from fullcount.events.model import names_only
from fullcount.visitors.memory import Memory

MOST_HASHES = 8  # of each kind
MOST_TELLERS = 16

Seen = tuple[float, str]  # when (Unix seconds), what
Hashes = dict[str, float]  # SHA-256 hex -> when it was last seen


class Click(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A click on an ad. Clicks are ordered by their time; one without a time (0) stands below all that have one."""

    clicked_at: float
    seen_at: float
    ttclid: str

    __repr__ = names_only


class Answer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one teller last said of consent."""

    teller: bytes  # digest of the most specific tie of the request that told it
    at: float
    said: str
    version: str


class Kept(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that is known of a visitor."""

    seen_at: float
    click: Click | None = None
    ttp: Seen | None = None
    ip: Seen | None = None
    user_agent: Seen | None = None
    locale: Seen | None = None
    landing_url: Seen | None = None
    referrer: Seen | None = None
    country: Seen | None = None
    answers: tuple[Answer, ...] = ()
    email: Hashes = {}
    phone: Hashes = {}
    external_id: Hashes = {}

    __repr__ = names_only


def answers_alone(kept: Kept) -> Kept:
    """Return what is left of a visitor of whom only the answers may be remembered."""
    return Kept(kept.seen_at, answers=kept.answers)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Kept)
_NEWEST = ("ttp", "ip", "user_agent", "locale", "landing_url", "referrer", "country")
_HASHES = ("email", "phone", "external_id")


def encode_kept(kept: Kept) -> bytes:
    """Return the stored form."""
    return _encoder.encode(kept)


def readable_kept(stored: bytes) -> Kept | None:
    """Return what this stored form says; None if it is damaged, or another version's."""
    try:
        return _decoder.decode(stored)
    except (msgspec.MsgspecError, ValueError):  # text that is not UTF-8 is a ValueError
        return None


def keep(memory: Memory, teller: bytes, now: float) -> Kept:
    """Return what is to be kept of what one request told; nothing of it is younger than `now`.

    A consent without a time is as old as its sighting if it is a refusal, and older than any other if it is a grant:
    so it can lift nothing.
    """
    seen_at = min(memory.seen_at, now) or now
    fields: dict[str, Seen | None] = {
        name: (seen_at, value) if (value := getattr(memory, name)) else None for name in _NEWEST
    }
    return Kept(
        seen_at=seen_at,
        click=Click(min(memory.clicked_at or 0.0, seen_at), seen_at, memory.ttclid) if memory.ttclid else None,
        answers=_answers_of(memory, teller, seen_at),
        email=_bounded(dict.fromkeys(memory.email, seen_at)),
        phone=_bounded(dict.fromkeys(memory.phone, seen_at)),
        external_id=_bounded(dict.fromkeys(memory.external_id, seen_at)),
        **fields,
    )


def _answers_of(memory: Memory, teller: bytes, seen_at: float) -> tuple[Answer, ...]:
    signal = read_signal(memory.consent)
    if memory.consent is None or signal is Signal.UNKNOWN:
        return ()
    undated = 0.0 if signal is Signal.GRANTED else seen_at
    at = undated if memory.consent_at is None else min(memory.consent_at, seen_at)
    return (Answer(teller, at, memory.consent, memory.consent_version or ""),)


def merge_kept(one: Kept, other: Kept) -> Kept:
    """Return what both know. It is the same in any order, and saying something twice says it once.

    - The newest click wins, by its own time; its click ID and time stay together.
    - Of every other plain field the newest sighting wins.
    - Hashes are united; of each kind the newest 8 are kept.
    - Of consent each teller's newest answer counts, the stricter one if two are of one time; so a visitor's own later
      grant lifts their own refusal. Between tellers nothing is lifted (see `told`).
    """
    merged: dict[str, Any] = {name: _newest(getattr(one, name), getattr(other, name)) for name in _NEWEST}
    merged |= {name: _united(getattr(one, name), getattr(other, name)) for name in _HASHES}
    clicks = [click for click in (one.click, other.click) if click is not None]
    return Kept(
        seen_at=max(one.seen_at, other.seen_at),
        click=max(clicks, default=None),
        answers=_merged_answers((*one.answers, *other.answers)),
        **merged,
    )


def _newest(one: Seen | None, other: Seen | None) -> Seen | None:
    return max((seen for seen in (one, other) if seen is not None), default=None)


def _united(one: Mapping[str, float], other: Mapping[str, float]) -> Hashes:
    return _bounded({name: max(one.get(name, 0.0), other.get(name, 0.0)) for name in {*one, *other}})


def _bounded(hashes: Mapping[str, float]) -> Hashes:
    return dict(sorted(hashes.items(), key=lambda it: (it[1], it[0]), reverse=True)[:MOST_HASHES])


def _merged_answers(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    newest: dict[bytes, Answer] = {}
    for answer in answers:
        known = newest.setdefault(answer.teller, answer)
        newest[answer.teller] = max(known, answer, key=lambda it: (it.at, _strictness(it), it.said, it.version))
    # The strictest first: what is dropped beyond the bound changes nothing.
    return tuple(sorted(newest.values(), key=_standing, reverse=True)[:MOST_TELLERS])


def _is_stricter(one: Signal, other: Signal) -> int:
    return 0 if one is other else 1 if stricter(one.value, other.value) == one.value else -1


_RANKS = {signal: rank for rank, signal in enumerate(sorted(Signal, key=cmp_to_key(_is_stricter)))}


def _strictness(answer: Answer) -> int:
    return _RANKS[read_signal(answer.said)]


def _standing(answer: Answer) -> tuple[int, float, bytes]:
    return _strictness(answer), answer.at, answer.teller


def told(kept: Kept, now: float, click_seconds: float) -> Memory:
    """Return what a caller is told at a moment. A click is told for `click_seconds`.

    The consent is the strictest of all tellers' newest answers, and of those that allow equally little the newest.
    """
    click = kept.click
    if click is not None and (click.clicked_at or click.seen_at) + click_seconds <= now:
        click = None
    answer = max(kept.answers, key=_standing, default=None)
    newest = {name: seen[1] for name in _NEWEST if (seen := getattr(kept, name)) is not None}
    return Memory(
        seen_at=kept.seen_at,
        ttclid=click.ttclid if click else None,
        clicked_at=(click.clicked_at or None) if click else None,
        consent=answer.said if answer else None,
        consent_at=(answer.at or None) if answer else None,
        consent_version=(answer.version or None) if answer else None,
        email=tuple(kept.email),
        phone=tuple(kept.phone),
        external_id=tuple(kept.external_id),
        **newest,
    )
