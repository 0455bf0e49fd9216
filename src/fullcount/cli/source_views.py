"""What `fullcount source` prints."""

from __future__ import annotations

import msgspec

from fullcount.cli.output import count_of, print_json, print_table, say
from fullcount.cli.replaying import EventSteps, Replay
from fullcount.sources.source import Ignored


def show_replay(told: Replay, *, with_body: bool, as_json: bool) -> None:
    """Print what each step made of a request."""
    if as_json:
        print_json({"ok": not told.is_fruitless, **msgspec.structs.asdict(told)})
        return
    rows = [("authenticate", told.signature)]
    if told.refused:
        rows.append(("read", f"refused: {told.refused}"))
    else:
        rows.append(("read", f"{count_of(len(told.events), 'event')}, as {told.kind}"))
    rows += [("", _ignored(each)) for each in told.ignored]
    rows += [
        ("", f"refund {each.refund_id} of {each.order_id}: {each.amount:g} {each.currency or '(no currency)'}")
        for each in told.refunds
    ]
    for number, what in (
        (told.remembered, "remembered for later events of the same visitor"),
        (told.erased, "forgotten: everything that names this person or these orders"),
        (told.fetched_later, "thin notice: the order is fetched after the answer"),
    ):
        if number:
            rows.append(("", what))
    print_table(("step", f"what source {told.source} makes of it"), rows)
    for event in told.events:
        _show_event(event)
        if with_body:
            for body in event.would_get:
                say(msgspec.json.format(bytes(body), indent=2).decode())


def _ignored(each: Ignored) -> str:
    topic = f" ({each.name})" if each.name else ""
    return f"ignored: {each.reason}{topic}{f': {each.detail}' if each.detail else ''}"


def _show_event(event: EventSteps) -> None:
    say(f"\n{event.event or '(no name)'} {event.event_id}")
    rows = [
        ("check", f"{each.path or 'the event'}: {each.reason} ({each.severity}). Fix: {each.fix}")
        for each in event.problems
    ] or [("check", "nothing is wrong with it")]
    if event.is_refused:
        rows.append(("end", "refused: the sender's mistake"))
    else:
        rows.append(("identify", ", ".join(event.identifiers) or "nothing that TikTok could match by"))
        rows.append(("consent", f"{event.consent}: {event.consent_basis}"))
        for went in event.went:
            way = f"withheld: {went.withheld}" if went.withheld else "queued"
            if went.held_seconds:
                way = f"held up to {went.held_seconds:g} s for the browser's half"
            rows.append(("route", f"pixel {went.pixel}: {went.event} {went.event_id}, {way}"))
    print_table(("step", ""), rows)
