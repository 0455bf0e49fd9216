"""`fullcount source live` shows what an observing source would send and switches it; `observe` switches back."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import pytest
from tests.unit.cli.filled_store import owned_store
from tests.unit.cli.paired import CLOCK, foreign, order, page, settings_of, told
from tests.unit.cli.shop import Shop

from fullcount.config.settings import Mode
from fullcount.demo.processes import COMMAND
from fullcount.events.reading import read_event
from fullcount.pipeline.pipeline import Pipeline
from fullcount.pipeline.terms import terms_of
from fullcount.queue.sqlite.engine import SqliteQueue
from fullcount.queue.sqlite.reader import Reader
from fullcount.queue.switch import mode_of
from fullcount.sources.source import Intake


async def run(shop: Shop, *args: str) -> Any:
    """Run a command of `source`."""
    return await asyncio.to_thread(shop.run, "source", *args)


async def run_json(shop: Shop, *args: str, exit_code: int = 0) -> Any:
    """Run a command of `source` with --json and return its document."""
    return await asyncio.to_thread(shop.run_json, "source", *args, exit_code=exit_code)


def owned(shop: Shop) -> AbstractAsyncContextManager[SqliteQueue]:
    """Own the store as a gateway with these settings does."""
    modes = {source.name: source.mode or Mode.LIVE for source in settings_of(shop).sources}
    return owned_store(shop.store, CLOCK, modes)


def mode_in_store(shop: Shop) -> Mode:
    """Return the source's mode, as a gateway that starts now would have it."""
    (source,) = settings_of(shop).sources
    with Reader(shop.store) as reader:
        return mode_of(source.mode or Mode.LIVE, reader.modes().get("backend"))


async def test_what_would_be_sent_is_shown_before_anything_is_switched(shop: Shop) -> None:
    """Events by name, orders with id, name, value and their browser half, and what would be withheld all the same."""
    foreign(shop)
    orders = [order("1"), order("2", 30.0, name="Purchase"), order("3", 40.0), order("3", 40.0)]
    orders.append(order("4", consent="denied"))
    await told(shop, orders, [page("1"), page("2", value=30.0)])
    report = await run_json(shop, "live", "backend", exit_code=1)

    assert (report["mode"], report["is_switched"], report["is_applied"]) == ("observe", False, False)
    assert [(each["event"], each["count"], each["with_browser_half"]) for each in report["events"]] == [
        ("CompletePayment", 2, 1),
        ("Purchase", 1, 0),
    ]
    assert [(each["event_id"], each["value"], each["browser_half"]) for each in report["orders"]] == [
        ("3", 40.0, "not_seen"),
        ("2", 30.0, "other_name"),
        ("1", 20.0, "same"),
    ]
    assert report["withheld"] == {"consent_denied": 1}
    assert [finding["code"] for finding in report["findings"]] == ["names_differ"]
    assert report["would_double"]
    assert mode_in_store(shop) is Mode.OBSERVE


async def test_a_pixel_that_sends_purchases_under_other_ids_is_told(shop: Shop) -> None:
    """No id is shared: going live would count every order twice."""
    foreign(shop)
    await told(shop, [order("1"), order("2", 30.0)], [page("thanks-1"), page("thanks-2", value=31.0)])
    result = await run(shop, "live", "backend")
    words = " ".join(result.stdout.split())

    assert result.exit_code == 1
    assert "the pixel also sends Purchase under other ids" in words
    assert "you would count double" in words
    assert "Nothing was switched. With --yes it goes live." in words


async def test_what_nobody_can_know_is_said(shop: Shop) -> None:
    """Without pages that tell of their pixel no one can say whether it would double."""
    foreign(shop)
    await told(shop, [order("1")])
    report = await run_json(shop, "live", "backend", exit_code=1)
    result = await run(shop, "live", "backend")

    assert report["unknown_pixels"] == ["store"]
    assert [each["browser_half"] for each in report["orders"]] == ["unknown"]
    assert "nobody can say whether this would count double" in " ".join(result.stdout.split())


async def test_a_source_whose_pixel_has_no_browser_half_shows_its_orders(shop: Shop) -> None:
    """It observes because its settings say so."""
    shop.write(shop.file.read_text(encoding="utf-8") + 'mode = "observe"\n')
    await told(shop, [order(f"{n}") for n in range(3)])
    report = await run_json(shop, "live", "backend", "--limit", "2", exit_code=1)

    assert [(each["event_id"], each["browser_half"]) for each in report["orders"]] == [("2", "none"), ("1", "none")]
    assert [each["count"] for each in report["events"]] == [3]
    assert (report["findings"], report["unknown_pixels"]) == ([], [])


async def test_silence_on_consent_is_shown_as_a_share(shop: Shop) -> None:
    """Going live would not send these."""
    text = shop.file.read_text(encoding="utf-8")
    shop.write(text + 'mode = "observe"\nconsent = "required"\n')
    await told(shop, [order("1", consent="granted"), order("2")])
    report = await run_json(shop, "live", "backend", exit_code=1)
    result = await run(shop, "live", "backend")

    assert report["consent_unknown_share"] == 0.5
    assert "50% of its events" in result.stdout


async def test_an_empty_store_has_nothing_to_show(shop: Shop) -> None:
    """And the source may go live all the same."""
    foreign(shop)
    await told(shop)
    result = await run(shop, "live", "backend", "--yes")

    assert result.exit_code == 0
    assert "has seen nothing" in result.stdout


async def test_a_running_owner_switches_at_once(shop: Shop) -> None:
    """Its answer is waited for; the next order is sent, and after `observe` none is."""
    foreign(shop)
    terms = terms_of(settings_of(shop), CLOCK.now())["backend"]
    async with owned(shop) as queue:
        pipeline = Pipeline(queue, CLOCK)

        async def taken(event_id: str) -> str:
            return (await pipeline.take(Intake((read_event(order(event_id)),)), terms)).results[0].result.value

        assert await taken("1") == "withheld"
        report = await run_json(shop, "live", "backend", "--yes")
        assert (report["is_switched"], report["is_applied"]) == (True, True)
        assert await taken("1") == "accepted"
        again = await run(shop, "live", "backend")
        assert again.exit_code == 0
        assert "is live already: a person switched it at" in again.stdout
        back = await run(shop, "observe", "backend")
        assert (back.exit_code, await taken("2")) == (0, "withheld")
        assert "What was accepted before still goes." in back.stdout


async def test_without_an_owner_it_is_noted_for_the_next_start(shop: Shop) -> None:
    """It is said so; and so it is done."""
    foreign(shop)
    await told(shop, [order("1")])
    result = await run(shop, "live", "backend", "--yes")
    assert result.exit_code == 0
    assert "it goes live when fullcount serve starts" in result.stdout
    async with owned(shop) as queue:
        while not queue.modes():
            await queue.lanes()

    assert mode_in_store(shop) is Mode.LIVE
    back = await run_json(shop, "observe", "backend")
    assert (back["is_switched"], back["is_applied"]) == (True, False)


@pytest.mark.parametrize(("mode", "command"), [("live", "live"), ("observe", "observe")])
async def test_what_is_so_already_is_said(shop: Shop, mode: str, command: str) -> None:
    """Nothing is asked of the owner."""
    shop.write(shop.file.read_text(encoding="utf-8") + f'mode = "{mode}"\n')
    await told(shop)
    result = await run(shop, command, "backend")
    report = await run_json(shop, command, "backend")

    assert result.exit_code == 0
    assert "already: the settings say so" in result.stdout
    assert (report["is_switched"], report["mode"]) == (False, mode)


async def test_an_owner_without_the_source_says_so(shop: Shop) -> None:
    """The settings on the disk are newer than those that the gateway was started with."""
    foreign(shop)
    async with owned_store(shop.store, CLOCK):
        result = await run(shop, "live", "backend", "--yes")

    assert result.exit_code == 2
    assert "without a source named backend" in result.stderr


async def test_a_switch_that_the_settings_have_overtaken_counts_no_more(shop: Shop) -> None:
    """Live by a person over observe; then the settings say live by themselves."""
    foreign(shop)
    async with owned(shop):
        await run_json(shop, "live", "backend", "--yes")
    shop.write(shop.file.read_text(encoding="utf-8") + 'mode = "live"\n')
    result = await run(shop, "live", "backend")

    assert "already: the settings say so" in result.stdout
    doctor = await asyncio.to_thread(shop.run_json, "doctor", exit_code=0)
    assert [check for check in doctor["checks"] if check["name"] == "mode"] == []


async def test_doctor_knows_who_was_switched(shop: Shop) -> None:
    """A live source is not noted as observing, whatever its settings say."""
    foreign(shop)
    async with owned(shop):
        before = await asyncio.to_thread(shop.run_json, "doctor", exit_code=0)
        await run_json(shop, "live", "backend", "--yes")
        after = await asyncio.to_thread(shop.run_json, "doctor", exit_code=0)

    assert [check["name"] for check in before["checks"]].count("mode") == 1
    assert [check["name"] for check in after["checks"]].count("mode") == 0


async def test_an_unknown_source_is_exit_status_2(shop: Shop) -> None:
    """The nearest name is offered."""
    result = await run(shop, "live", "backnd")

    assert result.exit_code == 2
    assert 'did you mean "backend"?' in result.stderr


async def test_without_a_store_there_is_nothing_to_switch(shop: Shop) -> None:
    """It is said what to start."""
    foreign(shop)
    for command in ("live", "observe"):
        result = await run(shop, command, "backend")
        assert (result.exit_code, "fullcount serve" in result.stderr) == (2, True)


async def test_no_identifier_is_shown(shop: Shop) -> None:
    """An order whose id is an e-mail address is shown masked."""
    foreign(shop)
    await told(shop, [order("jane@example.com")], [page("jane@example.com")])
    report = await run_json(shop, "live", "backend", exit_code=1)

    assert "jane" not in msgspec.json.encode(report).decode()


@pytest.mark.parametrize(("typed", "status", "said"), [("y", 0, "Noted."), ("n", 1, "Nothing was switched.")])
async def test_a_person_at_a_terminal_is_asked(shop: Shop, typed: str, status: int, said: str) -> None:
    """What would be sent is shown, and then it is theirs to say."""
    foreign(shop)
    await told(shop, [order("1")])

    def answered() -> tuple[int, str]:
        ours, theirs = pty.openpty()
        with os.fdopen(ours, "wb", buffering=0) as keyboard, os.fdopen(theirs, "rb") as terminal:
            keyboard.write(f"{typed}\n".encode())
            done = subprocess.run(  # noqa: S603 - our own command
                [*COMMAND, "source", "live", "backend"],
                stdin=terminal,
                capture_output=True,
                env=shop.process_environ,
                check=False,
            )
        return done.returncode, done.stdout.decode()

    found, shown = await asyncio.to_thread(answered)

    assert found == status
    assert "Let backend go live?" in shown
    assert said in shown
