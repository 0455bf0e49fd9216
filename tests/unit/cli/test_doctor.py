"""`fullcount doctor` says what needs a person, and sends nothing unless asked."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.unit.cli.filled_store import LANE, buried, delivered, entry, owned_store, settle_all
from tests.unit.cli.shop import Shop

from fullcount.clock import ManualClock, SystemClock
from fullcount.queue.entry import Fact
from fullcount.queue.outcomes import Outcome, Reason

CLOCK = SystemClock()


def examined(shop: Shop, *args: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run the doctor; return its exit status and its checks by name."""
    result = shop.run("doctor", "--json", *args)
    document = json.loads(result.stdout)
    assert document["ok"] is (result.exit_code == 0)
    return result.exit_code, {check["name"]: check for check in document["checks"]}


async def test_a_house_in_order_is_well(shop: Shop) -> None:
    """Settings, disk, store, integrity, log and lanes are fine: exit status 0."""
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry("order-1", CLOCK.now())])
        await settle_all(queue, CLOCK, delivered)
        status, checks = await asyncio.to_thread(examined, shop)
        shown = await asyncio.to_thread(shop.run, "doctor")

    assert status == 0
    assert {check["state"] for check in checks.values()} <= {"ok", "note"}
    assert set(checks) >= {"settings", "disk", "store", "integrity", "wal", "paused", "waiting", "dead", "consent"}
    assert "All is well." in shown.stdout


def test_before_the_first_start_it_only_notes_that(shop: Shop) -> None:
    """No store yet is no problem, and none is made."""
    status, checks = examined(shop)

    assert status == 0
    assert checks["store"]["state"] == "note"
    assert not shop.store.exists()


def test_a_source_that_only_observes_is_noted(shop: Shop) -> None:
    """It is well, but nothing is sent, and what ends that is said."""
    shop.write(shop.file.read_text(encoding="utf-8") + 'mode = "observe"\n')
    status, checks = examined(shop)

    assert status == 0
    assert checks["mode"]["state"] == "note"
    assert "fullcount source live" in checks["mode"]["fix"]


def test_the_emulators_clock_is_compared(shop: Shop) -> None:
    """The emulator says what time it is, as TikTok does."""
    _, checks = examined(shop)

    assert checks["clock"]["state"] == "ok"


def test_wrong_settings_are_its_first_finding(shop: Shop) -> None:
    """A bad value is named with path and fix, as a finding and not as an error."""
    shop.write(shop.file.read_text(encoding="utf-8") + "pixel = 1\n")
    status, checks = examined(shop)

    assert status == 1
    assert "sources[0].pixel" in checks["settings"]["found"]
    assert checks["settings"]["fix"]


def test_an_empty_file_says_how_init_can_write_another(shop: Shop) -> None:
    """`init` overwrites nothing, so the fix begins with moving the file away."""
    shop.write("")
    status, checks = examined(shop)

    assert status == 1
    assert "move the file away" in checks["settings"]["fix"]


async def test_a_missing_token_does_not_stop_the_other_checks(shop: Shop) -> None:
    """The store is looked at all the same."""
    shop.environ["TIKTOK_ACCESS_TOKEN"] = None
    async with owned_store(shop.store, CLOCK):
        status, checks = await asyncio.to_thread(examined, shop)

    assert status == 1
    assert "TIKTOK_ACCESS_TOKEN" in checks["settings"]["found"]
    assert checks["store"]["state"] == "ok"


def test_a_warning_of_the_settings_is_a_finding(shop: Shop) -> None:
    """A secret in the file is named, not shown."""
    shop.write(shop.file.read_text(encoding="utf-8").replace("env:TIKTOK_ACCESS_TOKEN", "test-literal-token"))
    status, checks = examined(shop)

    assert status == 1
    assert "access_token" in checks["settings"]["found"]
    assert "test-literal-token" not in str(checks)


async def test_a_paused_pixel_says_why_and_what_to_do(shop: Shop) -> None:
    """With its reason, for how long, and the command that ends it."""
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry("order-1", CLOCK.now())])
        await queue.pause(LANE, "the token is refused")
        status, checks = await asyncio.to_thread(examined, shop)

    assert status == 1
    assert "the token is refused" in checks["paused"]["found"]
    assert "fullcount queue resume store" in checks["paused"]["fix"]


async def test_a_pixel_that_a_person_paused_is_one_finding(shop: Shop) -> None:
    """However many lanes the pause holds; only the person's command ends it."""
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry("order-1", CLOCK.now())])
        await asyncio.to_thread(shop.run, "queue", "pause", "store")
        report = await asyncio.to_thread(shop.run_json, "doctor", exit_code=1)

    (paused,) = (check for check in report["checks"] if check["name"] == "paused")
    assert "store (1 wait)" in paused["found"]
    assert paused["fix"] == "fullcount queue resume store"


async def test_what_waits_too_long_is_lag(shop: Shop) -> None:
    """An event accepted an hour ago and not sent is named with its pixel."""
    async with owned_store(shop.store, ManualClock(CLOCK.now() - 3_600)) as queue:
        await queue.accept([entry("order-1", CLOCK.now() - 3_600)])
        status, checks = await asyncio.to_thread(examined, shop)

    assert status == 1
    assert "store: 1 wait, the oldest for" in checks["lag"]["found"]


async def test_the_days_dead_letters_are_counted_by_reason(shop: Shop) -> None:
    """And the command that lists them is named."""
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([entry("order-0", CLOCK.now()), entry("order-1", CLOCK.now())])
        await settle_all(queue, CLOCK, buried([Reason.REJECTED_BY_TIKTOK, Reason.REJECTED_BY_TIKTOK]))
        status, checks = await asyncio.to_thread(examined, shop)

    assert status == 1
    assert "2 rejected_by_tiktok" in checks["dead"]["found"]
    assert "fullcount queue dead" in checks["dead"]["fix"]


async def test_a_source_without_consent_is_named(shop: Shop) -> None:
    """More than a fifth withheld as consent_unknown is most likely the set-up's mistake."""
    unknown = Fact(Outcome.WITHHELD, Reason.CONSENT_UNKNOWN, "backend", "store", "Purchase", "order-1")
    async with owned_store(shop.store, CLOCK) as queue:
        await queue.accept([], [unknown] * 30)
        status, checks = await asyncio.to_thread(examined, shop)

    assert status == 1
    assert "backend: 100% of its events had no consent" in checks["consent"]["found"]


async def test_a_damaged_store_says_what_to_do(shop: Shop) -> None:
    """A file that is no store of ours is named, and left as it was."""
    shop.store.parent.mkdir()
    shop.store.write_bytes(b"this is not a database" * 100)
    status, checks = await asyncio.to_thread(examined, shop)

    assert status == 1
    assert checks["store"]["state"] == "problem"
    assert checks["store"]["fix"]
    assert shop.store.read_bytes() == b"this is not a database" * 100


def test_a_full_disk_is_found(shop: Shop) -> None:
    """Less free than min_free_disk means that nothing is accepted."""
    shop.write(f"[storage]\nmin_free_disk = {10**18}\n" + shop.file.read_text(encoding="utf-8"))
    status, checks = examined(shop)

    assert status == 1
    assert "nothing is accepted" in checks["disk"]["fix"]


def test_nothing_is_sent_unless_asked(shop: Shop) -> None:
    """Without --probe no event goes out."""
    examined(shop)

    assert shop.tiktok.emulator.requests.total == 0


def test_a_probe_says_whether_each_token_works(shop: Shop) -> None:
    """One test event, which names nobody, under the pixel's own token; a wrong token is found with TikTok's code."""
    status, checks = examined(shop, "--probe", "TEST12345")
    shop.environ["TIKTOK_ACCESS_TOKEN"] = "test-wrong-token"
    wrong_status, wrong = examined(shop, "--probe", "TEST12345")

    assert status == 0
    assert "took a test event, request_id 20" in checks["token"]["found"]
    assert wrong_status == 1
    assert "code 40105" in wrong["token"]["found"]
    assert "test-wrong-token" not in str(wrong)


def test_a_far_side_that_is_not_there_is_found(shop: Shop) -> None:
    """A base URL on this machine where nobody listens is named."""
    shop.write(shop.file.read_text(encoding="utf-8").replace(shop.tiktok.base_url, "http://127.0.0.1:9"))
    status, checks = examined(shop)

    assert status == 1
    assert "nobody answers" in checks["clock"]["found"]
    assert "fullcount emulate --port 9" in checks["clock"]["fix"]


def test_a_probe_is_no_finding_of_the_emulators(shop: Shop) -> None:
    """The test event has a key of its own to be matched by, which is nobody's."""
    examined(shop, "--probe", "TEST12345")

    assert "No match key at all" not in {found["title"] for found in shop.tiktok.emulator.diagnostics()}
