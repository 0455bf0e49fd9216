"""The checks of `fullcount doctor`: each looks at one thing and says what it found and what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import apsw
import msgspec

from fullcount.cli.far_side import clock_ahead_seconds, probe_pixels
from fullcount.cli.output import count_of
from fullcount.cli.sending_words import OBSERVE_FIX, fix_for
from fullcount.cli.store import open_reader, pixel_name, span
from fullcount.cli.trial import Tried
from fullcount.clock import DAY_SECONDS, Clock, elapsed_seconds
from fullcount.config.address import is_loopback
from fullcount.config.load import load_settings
from fullcount.config.settings import Mode, Settings
from fullcount.errors import ConfigError, DestinationError, FullcountError
from fullcount.ledger.counts import sources_without_consent, totals
from fullcount.queue.delivery import LaneState
from fullcount.queue.outcomes import Outcome
from fullcount.queue.sqlite.connection import WAL_LIMIT_BYTES, open_for_reading
from fullcount.queue.sqlite.owner import owner_pid
from fullcount.queue.sqlite.reader import Reader
from fullcount.queue.sqlite.schema import MIGRATIONS, schema_version
from fullcount.queue.sqlite.settings import free_disk_bytes
from fullcount.queue.switch import Switches, mode_of

LAG_SECONDS = 900.0  # longer than any throttling or hold that ends by itself
SKEW_SECONDS = 60.0
INTEGRITY_SECONDS = 10.0
MEGABYTE = 1024 * 1024


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    NOTE = "note"  # worth knowing, nothing to do
    PROBLEM = "problem"


class Check(msgspec.Struct, frozen=True):
    """One check: what was found, and the fix if there is a problem."""

    name: str
    state: State
    found: str
    fix: str = ""


def examine_settings(config: Path | None, environ: Mapping[str, str]) -> tuple[list[Check], Settings | None]:
    """Return what is to be said of the settings, and them; without their secrets if one of those is missing."""
    try:
        loaded = load_settings(config, environ)
    except ConfigError as error:
        problem = Check("settings", State.PROBLEM, f"{error.where}: {error.what}", error.fix)
        try:
            return [problem], load_settings(config, environ, with_secrets=False).settings
        except ConfigError:
            return [problem], None
    settings = loaded.settings
    named = str(loaded.path) if loaded.path else "the environment"
    said = f"{named}: {count_of(len(settings.pixels), 'pixel')}, {count_of(len(settings.sources), 'source')}"
    warned = [Check("settings", State.PROBLEM, *_apart(warning)) for warning in loaded.warnings]
    return warned or [Check("settings", State.OK, said)], settings


async def examine(settings: Settings, clock: Clock, *, probe: str = "", clock_asked: bool = False) -> list[Check]:
    """Return all checks but those of the settings. Traffic goes out for `probe` and `clock_asked`, or to loopback."""
    now = clock.now()
    checks = [*check_modes(settings), check_disk(settings), *check_store(settings, now)]
    if clock_asked or is_loopback(urlsplit(settings.tiktok.base_url).hostname or ""):
        checks.append(await check_clock(settings, clock))
    if probe:
        checks += [_probed(each, settings.tiktok.base_url) for each in await probe_pixels(settings, probe, clock)]
    return checks


def check_modes(settings: Settings) -> list[Check]:
    """Note each source that only observes: nothing of it goes out, and that is easily forgotten."""
    switches = _switches(settings)
    return [
        Check("mode", State.NOTE, f"{source.name}: observe, so nothing of it is sent", OBSERVE_FIX)
        for source in settings.sources
        if mode_of(source.mode or Mode.LIVE, switches.get(source.name)) is Mode.OBSERVE
    ]


def _switches(settings: Settings) -> Switches:
    """Return who was switched by a person; nobody where there is no store that could be read."""
    try:
        with open_reader(settings) as reader:
            return reader.modes()
    except FullcountError:
        return {}


def check_disk(settings: Settings) -> Check:
    """Say whether the store may grow."""
    folder = settings.storage.path.parent
    while not folder.exists():
        folder = folder.parent
    free = free_disk_bytes(folder)
    said = f"{free // MEGABYTE:,} MB free in {folder}"
    if free < settings.storage.min_free_disk:
        fix = f"free some: below {settings.storage.min_free_disk // MEGABYTE:,} MB nothing is accepted"
        return Check("disk", State.PROBLEM, said, fix)
    if free < 2 * settings.storage.min_free_disk:
        return Check("disk", State.PROBLEM, said, "free some soon: it is near min_free_disk")
    return Check("disk", State.OK, said)


def check_store(settings: Settings, now: float) -> list[Check]:
    """Say how the store is and what waits in it."""
    path = settings.storage.path
    if not path.exists():
        return [Check("store", State.NOTE, f"{path} is not there yet", "fullcount serve makes it")]
    try:
        checks = [*_check_file(path)]
        with open_reader(settings) as reader:
            checks += [*_check_lanes(reader, settings, now), *_check_outcomes(reader, now)]
    except FullcountError as error:
        return [Check("store", State.PROBLEM, f"{error.where}: {error.what}", error.fix)]
    return checks


def _check_file(path: Path) -> Iterator[Check]:
    owner = owner_pid(path)
    connection = open_for_reading(path)
    try:
        version = schema_version(connection)
        integrity = _integrity(connection)
    finally:
        connection.close()
    said = f"version {version} of {len(MIGRATIONS)}, " + (f"owned by process {owner}" if owner else "nobody owns it")
    if version > len(MIGRATIONS):
        yield Check("store", State.PROBLEM, said, "a newer Fullcount made it: use that one")
    elif not owner:
        yield Check("store", State.NOTE, said, "nothing is delivered until fullcount serve runs")
    else:
        yield Check("store", State.OK, said)
    if integrity not in {"ok", ""}:
        fix = "stop, keep a copy of the file and its -wal, and restore a backup"
        yield Check("integrity", State.PROBLEM, integrity, fix)
    else:
        yield Check("integrity", State.OK, integrity or f"no damage found within {INTEGRITY_SECONDS:g} s")
    wal = path.with_name(f"{path.name}-wal")
    size = wal.stat().st_size if wal.exists() else 0
    if size > WAL_LIMIT_BYTES:
        fix = "some program keeps a read of the file open; end it"
        yield Check("wal", State.PROBLEM, f"{size // MEGABYTE:,} MB", fix)
    else:
        yield Check("wal", State.OK, f"{size / MEGABYTE:.1f} MB")


def _integrity(connection: apsw.Connection) -> str:
    """Return "ok", what is damaged, or nothing if the time was too short to know."""
    until = elapsed_seconds() + INTEGRITY_SECONDS
    connection.set_progress_handler(lambda: elapsed_seconds() > until, 10_000)
    try:
        return str(connection.execute("PRAGMA quick_check(1)").fetchall()[0][0])
    except apsw.InterruptError:
        return ""
    except apsw.CorruptError as error:
        return str(error)


def _check_lanes(reader: Reader, settings: Settings, now: float) -> Iterator[Check]:
    states = reader.lane_states()
    yield from _check_pauses(states, settings, now)
    for state in states:
        if not state.paused and state.oldest_accepted_at is not None and now - state.oldest_accepted_at > LAG_SECONDS:
            name = pixel_name(settings, state.lane.pixel_code)
            said = f"{name}: {_waiting(state)} wait, the oldest for {span(now - state.oldest_accepted_at)}"
            yield Check(
                "lag", State.PROBLEM, said, "is fullcount serve running, and what does its log say of attempts?"
            )
    waiting = sum(_waiting(state) for state in states)
    yield Check("waiting", State.OK, f"{count_of(waiting, 'event')} on {count_of(len(states), 'lane')}")


def _check_pauses(states: Sequence[LaneState], settings: Settings, now: float) -> Iterator[Check]:
    """Say each pause once, though it may hold several lanes of its pixel."""
    pauses: dict[tuple[str, str, bool], list[LaneState]] = {}
    for state in states:
        if state.paused:
            pauses.setdefault((state.lane.pixel_code, state.paused, state.paused_by_person), []).append(state)
    for (code, why, by_person), mine in pauses.items():
        name = pixel_name(settings, code)
        resume = f"fullcount queue resume {name}"
        fix = resume if by_person else f"mend what it says; it is tried now and then, or: {resume}"
        since = span(now - min(state.paused_at or now for state in mine))
        waiting = sum(_waiting(state) for state in mine)
        yield Check("paused", State.PROBLEM, f"{name} ({waiting} wait), for {since}: {why}", fix)
    if not pauses:
        yield Check("paused", State.OK, "no pixel is paused")


def _waiting(state: LaneState) -> int:
    return state.queued + state.held + state.leased


def _check_outcomes(reader: Reader, now: float) -> Iterator[Check]:
    found = totals(reader, now - DAY_SECONDS, now + 60)
    died: dict[str, int] = {}
    for total in found:
        if total.outcome == Outcome.DEAD:
            died[total.reason] = died.get(total.reason, 0) + total.count
    if died:
        said = ", ".join(f"{count} {reason}" for reason, count in sorted(died.items()))
        yield Check(
            "dead",
            State.PROBLEM,
            f"in 24 h: {said}",
            "fullcount queue dead says why; redrive puts them back (what may count twice with --accept-double-count)",
        )
    else:
        yield Check("dead", State.OK, "none in 24 h")
    silent = sources_without_consent(found)
    for source, share in silent.items():
        said = f"{source}: {share:.0%} of its events had no consent and were withheld"
        fix = 'send "consent": "granted" or "denied" with each event; webhooks: docs/consent.md, "A shop in the EEA"'
        yield Check("consent", State.PROBLEM, said, fix)
    if not silent:
        yield Check("consent", State.OK, "no source is mostly withheld for unknown consent")


async def check_clock(settings: Settings, clock: Clock) -> Check:
    """Say whether this machine's clock agrees with that of the far side."""
    try:
        ahead = await clock_ahead_seconds(settings.tiktok, clock)
    except DestinationError as error:
        return Check("clock", State.PROBLEM, f"{error.where}: {error.what}", error.fix)
    if ahead is None:
        return Check("clock", State.NOTE, f"{settings.tiktok.base_url} does not say what time it is")
    if abs(ahead) > SKEW_SECONDS:
        said = f"{span(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} {settings.tiktok.base_url}"
        return Check("clock", State.PROBLEM, said, "set the clock (NTP): event times and the 48-hour rule rest on it")
    return Check("clock", State.OK, f"within {SKEW_SECONDS:g} s of {settings.tiktok.base_url}")


def _probed(each: Tried, base_url: str) -> Check:
    if each.taken:
        return Check("token", State.OK, f"{each.pixel}: TikTok took a test event, request_id {each.request_id}")
    said = f"code {each.code}" if each.code is not None else f"HTTP {each.status}" if each.status else "no answer"
    found = f"{each.pixel or each.event}: {said}, {each.message}"
    return Check("token", State.PROBLEM, found, fix_for(each, base_url))


def _apart(warning: str) -> tuple[str, str]:
    said, _, fix = warning.partition(" Fix: ")
    return said, fix
