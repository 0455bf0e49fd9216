"""What `fullcount send` says to a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fullcount.cli.output import count_of, print_table, say
from fullcount.cli.posting import ItemProblems, Sent
from fullcount.config.address import is_loopback

if TYPE_CHECKING:
    from fullcount.cli.trial import Tried  # loads the HTTP client

OBSERVE_FIX = "fullcount source live NAME shows what would be sent, and switches the source"
_TOKEN_CODES = frozenset({40104, 40105})  # TikTok's words for no token and a wrong one
SHOWN = 20  # problems at a terminal; --json has all


def print_sent(sent: Sent) -> None:
    """Say what a gateway made of a file."""
    counts = {
        "accepted": sent.accepted,
        "merged": sent.merged,
        "duplicates": sent.duplicates,
        "withheld": sent.withheld,
        "rejected": len(sent.rejected),
    }
    say(", ".join(f"{name} {count}" for name, count in counts.items()))
    for reason, count in sorted(sent.reasons.items()):
        say(f"  withheld: {count_of(count, 'event')}, {reason}")
    _print_problems("not taken", sent.rejected)
    _print_problems("taken, but", sent.warned)
    for journey in sent.journeys:
        request_id = next((step.request_id for step in reversed(journey.steps) if step.request_id), "")
        told = f", request_id {request_id}" if request_id else ""
        place = f" at pixel {journey.pixel}" if journey.pixel else ""
        say(f"{journey.event} {journey.event_id}{place}: {journey.state}{told}")
    if not sent.journeys and len(sent.event_ids) == 1 and sent.event_ids[0]:
        say(f"See what becomes of it: fullcount queue show {sent.event_ids[0]}")


def print_tried(tried: list[Tried], test_code: str, base_url: str) -> None:
    """Say what TikTok made of test events, and where to see them."""
    for each in tried:
        name = f"{each.event or each.place} {each.event_id}".strip()
        if each.taken:
            say(f"{name}: taken by TikTok for pixel {each.pixel}, request_id {each.request_id}")
        elif each.pixel:
            code = (
                f"code {each.code}" if each.code is not None else f"HTTP {each.status}" if each.status else "no answer"
            )
            say(f"{name}: not taken for pixel {each.pixel}: {code}, {each.message}")
            fix = fix_for(each, base_url)
            say(f"  request_id {each.request_id or '(none)'}" + (f"\n  Fix: {fix}" if fix else ""))
        else:
            say(f"{name}: not sent: {each.message}")
    _print_problems("problems", [ItemProblems(each.place, each.problems) for each in tried if each.problems])
    taken = [each for each in tried if each.taken]
    if taken:
        say(f"\n{where_to_look(sorted({each.event for each in taken}), test_code, base_url)}")


def fix_for(tried: Tried, base_url: str) -> str:
    """Return what mends a test event that was not taken; before an emulator that is a matter of this machine."""
    is_local = is_loopback(urlsplit(base_url).hostname or "")
    if not tried.status and not tried.fix:
        return start_emulator(base_url) if is_local else f"see that this machine reaches {base_url}"
    if is_local and tried.code in _TOKEN_CODES:
        return "use the token that the emulator was given: fullcount emulate --pixel CODE=TOKEN"
    return tried.fix


def start_emulator(base_url: str) -> str:
    """Return the command that puts an emulator where settings expect one."""
    return (
        f"base_url is on this machine: start the emulator with fullcount emulate --port {urlsplit(base_url).port or 80}"
    )


def where_to_look(names: list[str], test_code: str, base_url: str) -> str:
    """Return where a person sees test events that were taken."""
    if is_loopback(urlsplit(base_url).hostname or ""):
        return f"It went to the emulator: open {base_url}/ and look for {', '.join(names)} under test events."
    return (
        f"In Events Manager > your pixel > Test events, with the tab open under code {test_code}, look for\n"
        f"{', '.join(names)} with the connection Server. It shows within about three minutes."
    )


def _print_problems(title: str, told: Iterable[ItemProblems]) -> None:
    """Print problems; those that several events share take one row, with the first event's place."""
    places: dict[tuple[str, str, str], list[str]] = {}
    timeless = 0
    for each in told:
        for problem in each.problems:
            if problem.code == "time_missing":
                timeless += 1
                continue
            places.setdefault((problem.path, problem.reason, problem.fix), []).append(each.place)
    rows = [
        (f"{held[0]} {path}".strip() + (f"\n(+{len(held) - 1} more)" if len(held) > 1 else ""), reason, fix)
        for (path, reason, fix), held in places.items()
    ]
    if timeless:
        say(f"{count_of(timeless, 'event')} without event_time: now was put in")
    if rows:
        print_table(("where", title, "fix"), rows[:SHOWN])
    if len(rows) > SHOWN:
        say(f"and {len(rows) - SHOWN} more (--json lists all)")
