"""What `fullcount queue` asks of the store's owner: rows in its control table, applied within a second."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from fullcount.cli.output import count_of, print_json, say
from fullcount.cli.store import open_reader
from fullcount.clock import Clock, SystemClock
from fullcount.config.schema import nearest
from fullcount.config.settings import Settings
from fullcount.errors import ConfigError, StoreUnavailable
from fullcount.events.model import EventSource
from fullcount.queue.delivery import Selection
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.control import (
    Bury,
    ControlAnswer,
    ControlClient,
    ControlCommand,
    Pause,
    Redrive,
    Resume,
)
from fullcount.queue.sqlite.owner import owner_pid

ANSWER_SECONDS = 15.0
POLL_SECONDS = 0.1
MOST_COUNTED = 1_000
MOST_NAMED = 20
MAY_COUNT_TWICE = (Reason.DEDUP_WINDOW_PASSED, Reason.UNKNOWN_AT_TIKTOK)


class Asked(msgspec.Struct, frozen=True):
    """What came of asking."""

    applied: bool  # False: no process owns the store; it is done when one starts
    count: int  # deliveries buried, letters put back; 0 for pause and resume


class PutBack(Asked, frozen=True):
    """What came of putting dead letters back."""

    event_ids: tuple[str, ...] = ()  # of those put back, as far as they were among the newest
    left: tuple[str, ...] = ()  # of those that match and were left, as their key is another delivery's now


def pixel_code(settings: Settings, named: str) -> str:
    """Return the code of a pixel that is named by its name or code; a code may be one that the settings lost.

    Raises:
        ConfigError: there is no such pixel, in the settings or in the store.
    """
    for pixel in settings.pixels:
        if named in {pixel.name, pixel.code}:
            return pixel.code
    with open_reader(settings) as reader:
        if any(lane.pixel_code == named for lane in reader.known_lanes()):
            return named
    names = [pixel.name for pixel in settings.pixels]
    fix = nearest(named, names) or f"name one of {', '.join(names)}"
    raise ConfigError(f"there is no pixel {named}", where="PIXEL", fix=fix)


def redrive(settings: Settings, selection: Selection, *, accept_double_count: bool, as_json: bool) -> bool:
    """Put dead letters back; return whether any matched.

    Raises:
        ConfigError: some may count twice, and nobody said that this is accepted.
    """
    risky = {} if accept_double_count else _may_count_twice(settings, selection)
    if risky:
        told = ", ".join(f"{count} {reason}" for reason, count in risky.items())
        raise ConfigError(
            f"{told}: TikTok forgets an event_id after 48 hours, so each of these may count a second time",
            where="redrive",
            fix="choose others with --reason, or say --accept-double-count",
        )
    before = _dead(settings, selection)
    asked = ask(settings, [Redrive(selection, overridden=accept_double_count)])
    still = _dead(settings, selection).keys() if asked.applied else before.keys()
    gone = tuple(event_id for key, event_id in before.items() if key not in still)
    left = tuple(event_id for key, event_id in before.items() if key in still) if asked.applied else ()
    put_back = PutBack(asked.applied, asked.count, gone, left)
    _tell(put_back, _words_of(put_back), as_json=as_json)
    return bool(before)


def _dead(settings: Settings, selection: Selection) -> dict[tuple[Lane, int, float], str]:
    """Return the newest dead letters that match: by what tells one death from another, their event_ids."""
    with open_reader(settings) as reader:
        letters = reader.dead_letters(selection, MOST_COUNTED)
    return {(letter.lane, letter.seq, letter.died_at): letter.event.event_id for letter in letters}


def _words_of(told: PutBack) -> str:
    lines = [f"{count_of(told.count, 'dead letter')} put back{_listed(told.event_ids)}"]
    if told.left:
        lines.append(
            f"{count_of(len(told.left), 'dead letter')} left{_listed(told.left)}: a newer copy of it came since, "
            "so that it would count twice"
        )
    elif not told.count:
        lines.append("No dead letter matches. See what there is with: fullcount queue dead")
    return "\n".join(lines)


def _listed(event_ids: Sequence[str]) -> str:
    more = f" and {len(event_ids) - MOST_NAMED} more" if len(event_ids) > MOST_NAMED else ""
    return f" ({', '.join(event_ids[:MOST_NAMED])}{more})" if event_ids else ""


def bury(settings: Settings, selection: Selection, reason: Reason, *, is_sure: bool, as_json: bool) -> None:
    """Make dead letters of what waits.

    Raises:
        ConfigError: nobody said that this is meant.
    """
    if not is_sure:
        raise ConfigError(
            f"{_waiting(settings, selection)} would not be sent; dead letters are kept for "
            f"{settings.storage.retention_days} days, and redrive puts them back",
            where="bury",
            fix="say --yes if that is meant",
        )
    asked = ask(settings, [Bury(selection, reason)])
    what = "1 delivery is a dead letter now" if asked.count == 1 else f"{asked.count} deliveries are dead letters now"
    _tell(asked, f"{what}: {reason}", as_json=as_json)


def _waiting(settings: Settings, selection: Selection) -> str:
    if selection.event_id is not None:
        return f"what waits of event_id {selection.event_id}"
    with open_reader(settings) as reader:
        states = [state for state in reader.lane_states() if state.lane.pixel_code == selection.pixel_code]
    return f"{count_of(sum(state.queued + state.held + state.leased for state in states), 'event')} waiting"


def pause(settings: Settings, pixel: str, why: str, *, as_json: bool) -> None:
    """Stop sending to a pixel, on its lanes of today and those to come."""
    lanes = _lanes(settings, pixel)
    asked = ask(settings, [Pause(lane, why, by_person=True) for lane in lanes])
    _tell(asked, f"{pixel} is paused: {why}", as_json=as_json)


def resume(settings: Settings, pixel: str, *, as_json: bool) -> None:
    """Send to a pixel again."""
    lanes = _lanes(settings, pixel)
    asked = ask(settings, [Resume(lane) for lane in lanes])
    _tell(asked, f"{pixel} is sent to again", as_json=as_json)


def ask(settings: Settings, commands: Sequence[ControlCommand], clock: Clock | None = None) -> Asked:
    """Leave commands for the store's owner and wait for its answers, if there is an owner.

    Raises:
        StoreUnavailable: there is no store, or its owner could not do it.
    """
    clock = clock or SystemClock()
    path = settings.storage.path
    client = ControlClient(path, clock)
    try:
        ids = [client.ask(command) for command in commands]
        if owner_pid(path) is None:
            return Asked(applied=False, count=0)
        answers = asyncio.run(_answers(client, ids, clock))
    finally:
        client.close()
    for answer in answers:
        if answer.error:
            raise StoreUnavailable(answer.error, where=str(path), fix="see the log of fullcount serve")
    return Asked(applied=True, count=sum(answer.count for answer in answers))


async def _answers(client: ControlClient, ids: Sequence[int], clock: Clock) -> list[ControlAnswer]:
    until = clock.now() + ANSWER_SECONDS
    while True:
        answers = [client.result(command_id) for command_id in ids]
        found = [answer for answer in answers if answer is not None]
        if len(found) == len(ids):
            return found
        if clock.now() >= until:
            raise StoreUnavailable(
                f"the owner has not answered for {ANSWER_SECONDS:g} s",
                fix="see its log; it will do what was asked when it can",
            )
        await clock.sleep(POLL_SECONDS)


def _lanes(settings: Settings, pixel: str) -> list[Lane]:
    """Return the live lanes that a pixel may have, used or not: one for each event source."""
    code = pixel_code(settings, pixel)
    return [Lane(code, source) for source in EventSource]


def _may_count_twice(settings: Settings, selection: Selection) -> dict[str, int]:
    wanted = [reason for reason in MAY_COUNT_TWICE if selection.reason in {None, reason}]
    with open_reader(settings) as reader:
        counts = {
            reason.value: len(reader.dead_letters(msgspec.structs.replace(selection, reason=reason), MOST_COUNTED))
            for reason in wanted
        }
    return {reason: count for reason, count in counts.items() if count}


def _tell(asked: Asked, done: str, *, as_json: bool) -> None:
    if as_json:
        print_json(asked)
    elif asked.applied:
        say(done)
    else:
        say("Noted. No process owns the store now: it is done when fullcount serve starts.")
