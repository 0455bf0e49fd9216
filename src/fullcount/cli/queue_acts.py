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
from fullcount.queue.delivery import Selection
from fullcount.queue.lane import Lane
from fullcount.queue.outcomes import Reason
from fullcount.queue.sqlite.control import ControlAnswer, ControlClient, ControlCommand, Pause, Redrive, Resume
from fullcount.queue.sqlite.owner import owner_pid

ANSWER_SECONDS = 15.0
POLL_SECONDS = 0.1
MOST_COUNTED = 1_000
MAY_COUNT_TWICE = (Reason.DEDUP_WINDOW_PASSED, Reason.UNKNOWN_AT_TIKTOK)


class Asked(msgspec.Struct, frozen=True):
    """What came of asking."""

    applied: bool  # False: no process owns the store; it is done when one starts
    count: int  # lanes paused or resumed, letters put back


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


def redrive(settings: Settings, selection: Selection, *, accept_double_count: bool, as_json: bool) -> None:
    """Put dead letters back.

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
    asked = ask(settings, [Redrive(selection, overridden=accept_double_count)])
    _tell(asked, f"{count_of(asked.count, 'dead letter')} put back", as_json=as_json)


def pause(settings: Settings, pixel: str, why: str, *, as_json: bool) -> None:
    """Stop sending to a pixel."""
    lanes = _lanes(settings, pixel)
    asked = ask(settings, [Pause(lane, why) for lane in lanes])
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
    """Return the live lanes of a pixel; the one of the web if none was ever used."""
    code = pixel_code(settings, pixel)
    with open_reader(settings) as reader:
        lanes = [lane for lane in reader.known_lanes() if lane.pixel_code == code and lane.test_event_code is None]
    return lanes or [Lane(code)]


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
