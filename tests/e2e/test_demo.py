"""`fullcount demo`, as a person or a script runs it."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from fullcount.demo.processes import COMMAND
from fullcount.demo.waiting import eventually


def seeds() -> range:
    """Return seed 1; in `make crash` seeds 1 to 10."""
    return range(1, 11 if int(os.environ.get("CRASH_ROUNDS", "0")) >= 10 else 2)


class Ran:
    """A demo that has ended: its exit status and what it printed."""

    def __init__(self, status: int, output: str, complaints: str) -> None:
        self.status = status
        self.output = output
        self.complaints = complaints


async def _start(folder: Path, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        "demo",
        *arguments,
        env={**os.environ, "TMPDIR": str(folder), **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _run(folder: Path, *arguments: str, **environment: str) -> Ran:
    process = await _start(folder, *arguments, **environment)
    output, complaints = await process.communicate()
    return Ran(process.returncode or 0, output.decode(), complaints.decode())


def _left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def _processes_of(folder: Path) -> dict[int, list[str]]:
    """Return the command line of each process that works in the folder, by its id."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str((entry / "cwd").readlink()).startswith(str(folder)):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue  # it ended while we looked, or is somebody else's
    return found


@pytest.mark.crash
@pytest.mark.parametrize("seed", seeds())
async def test_the_demo_keeps_its_promise(seed: int, tmp_path: Path) -> None:
    """Every fault really happened, Fullcount lost nothing and counted nothing twice, and the usual loop did both."""
    ran = await _run(tmp_path, "--json", "--seed", str(seed))
    assert ran.status == 0, ran.complaints
    report: dict[str, Any] = msgspec.json.decode(ran.output)

    assert report["orders"] >= 300
    assert report["accepted"] == report["orders"]
    assert report["duplicates"] >= 0.05 * report["orders"]
    assert (report["lost"], report["counted_twice"], report["dead"]) == (0, 0, 1)
    assert report["counted_once"] == report["counted_by_tiktok"] == report["orders"] - 1
    assert (report["kills"], report["lost_answers"]) == (1, 1)
    assert report["throttled"] >= 1
    assert report["outage_seconds"] >= 2
    assert report["wire_copies"] >= 1
    assert [dead["reason"] for dead in report["evidence"]["dead"]] == ["rejected_by_tiktok"]
    assert report["naive"]["believed"] == report["orders"]
    assert report["naive"]["lost"] > 0
    assert report["naive"]["counted_twice"] > 0
    assert _processes_of(tmp_path) == {}
    assert _left_in(tmp_path) == []


async def test_plain_output_ends_with_both_verdicts(tmp_path: Path) -> None:
    """Where standard output is no terminal, what happens comes line by line, and the last two lines are the verdict."""
    ran = await _run(tmp_path, "--orders", "60")

    assert ran.status == 0, ran.complaints
    lines = ran.output.strip().splitlines()
    assert lines[-2].startswith("naive: lost ")
    assert lines[-1] == "fullcount: lost 0, counted twice 0"
    for word in ("throttles", "is down", "reject", "lost on the way", "kill -9"):
        assert any(word in line for line in lines[:-2]), word


async def test_keep_leaves_the_gateway_its_tiktok_and_the_evidence(tmp_path: Path) -> None:
    """With `--keep` both answer after the end, two files hold what TikTok saw, and the printed command stops them."""
    ran = await _run(tmp_path, "--orders", "60", "--keep", "--json")
    assert ran.status == 0, ran.complaints
    stop = next(line for line in ran.complaints.splitlines() if "to stop: kill " in line)
    pids = [int(word) for word in stop.rpartition("kill ")[2].split()]
    try:
        assert set(_processes_of(tmp_path)) == set(pids)
        report = msgspec.json.decode(ran.output)
        folder = Path(report["evidence"]["folder"])
        events = msgspec.json.decode((folder / "events.json").read_bytes())
        requests = msgspec.json.decode((folder / "requests.json").read_bytes())
        assert len(events) == report["counted_by_tiktok"]
        assert any(request["fault"] == "drop_answer" for request in requests)
        urls = [word.strip(",") for word in ran.complaints.split() if word.startswith("http://127.0.0.1:")]
        async with aiohttp.ClientSession() as http:
            for url, path in zip(urls, ("/healthz", "/_emulator/state"), strict=True):
                async with http.get(url + path) as answer:
                    assert answer.status == 200
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
    await eventually(lambda: not _processes_of(tmp_path), "both have ended")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
async def test_an_interrupted_demo_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    """The processes that it started end with it, and its folder goes."""
    process = await _start(tmp_path)
    await eventually(lambda: _is_serving(tmp_path), "the gateway runs", within_seconds=60)
    process.send_signal(number)
    await process.communicate()

    assert process.returncode == 130
    assert _processes_of(tmp_path) == {}
    assert _left_in(tmp_path) == []


def _is_serving(folder: Path) -> bool:
    return any("serve" in words for words in _processes_of(folder).values())


async def test_too_few_orders_are_wrong_usage(tmp_path: Path) -> None:
    """With so few that a fault might meet none, nothing starts."""
    ran = await _run(tmp_path, "--orders", "3")

    assert ran.status == 2
    assert "--orders" in ran.complaints
    assert _left_in(tmp_path) == []


async def test_a_base_url_that_is_no_emulator_is_refused(tmp_path: Path) -> None:
    """Whoever has TikTok's address in the environment is told that the demo does not send there; nothing starts."""
    ran = await _run(tmp_path, FULLCOUNT_TIKTOK__BASE_URL="https://business-api.tiktok.com")

    assert ran.status == 2
    assert "no emulator" in ran.complaints
    assert ran.output == ""
    assert _left_in(tmp_path) == []
