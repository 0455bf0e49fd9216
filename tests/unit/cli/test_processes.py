"""Commands as real processes: what a shell, a pipe and a terminal see."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import aiohttp
from tests.unit.cli.scripted_gateway import Gateway
from tests.unit.cli.shop import CODE, Shop, purchase

from fullcount.cli.init import settings_text
from fullcount.config.settings import Browser
from fullcount.demo.processes import Gateway as ServedGateway

COMMAND = (sys.executable, "-c", "from fullcount.cli import main; main()")
EXAMPLES = Path(__file__).parents[3] / "examples"


def run(shop: Shop, args: Sequence[str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a command as a process of its own, in the shop's folder."""
    return subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, *args],
        input=stdin,
        capture_output=True,
        cwd=shop.folder,
        env=shop.process_environ,
        check=False,
    )


def test_json_is_all_that_stands_on_standard_output(shop: Shop) -> None:
    """One document, also where settings are warned of: that goes to standard error."""
    shop.write(shop.file.read_text(encoding="utf-8").replace("env:TIKTOK_ACCESS_TOKEN", "test-token"))
    done = run(shop, ["send", "--test-code", "TEST12345", "--json", str(EXAMPLES / "purchase.json")])

    assert done.returncode == 0
    assert json.loads(done.stdout)["results"][0]["taken"]
    assert b"warning: pixels[0].access_token" in done.stderr


def test_exit_statuses_reach_the_shell(shop: Shop, now: int) -> None:
    """0 done, 1 found problems, 2 wrong usage; no traceback in any."""
    good = json.dumps(purchase("order-1", now)).encode()
    old = json.dumps(purchase("order-1", now - 40 * 86_400)).encode()
    done = [run(shop, ["check", "-"], good), run(shop, ["check", "-"], old), run(shop, ["check", "absent.json"])]

    assert [each.returncode for each in done] == [0, 1, 2]
    assert all(b"Traceback" not in each.stderr for each in done)


async def test_the_first_minutes_of_the_readme(shop: Shop) -> None:
    """init, serve, send, send again, queue show: one event is counted once, and its way is told."""
    settings = tomllib.loads(settings_text(CODE, "US", Browser.NONE))
    settings["tiktok"]["base_url"] = shop.tiktok.base_url
    gateway = ServedGateway(shop.folder, settings)
    secrets = {name: str(shop.environ[name]) for name in ("TIKTOK_ACCESS_TOKEN", "BACKEND_KEY")}
    async with aiohttp.ClientSession() as http:
        try:
            await gateway.start(http, secrets)
            example = str(EXAMPLES / "purchase.json")
            first = await asyncio.to_thread(run, shop, ["send", "--json", "--wait", "60", example])
            again = await asyncio.to_thread(run, shop, ["send", example])
            shown = await asyncio.to_thread(run, shop, ["queue", "show", "order-12345-purchase", "--json"])
            well = await asyncio.to_thread(run, shop, ["doctor"])
            gateway.send_signal(signal.SIGTERM)
            assert await gateway.ended() == 0
        finally:
            gateway.kill()

    (journey,) = json.loads(first.stdout)["journeys"]
    assert journey["state"] == "delivered"
    assert b"accepted 0, merged 0, duplicates 1" in again.stdout
    steps = json.loads(shown.stdout)["journeys"][0]["steps"]
    assert [step["what"] for step in steps] == ["accepted", "attempt", "delivered", "duplicate"]
    assert well.returncode == 0, well.stdout.decode()


def test_a_reader_that_goes_away_is_no_crash(shop: Shop) -> None:
    """`fullcount ... | head -1` ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "check", str(EXAMPLES / "purchase.json")],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=shop.process_environ,
        check=False,
    )
    os.close(writing)

    assert b"Traceback" not in process.stderr


def test_long_work_at_a_terminal_shows_a_bar(shop: Shop, now: int, gateway: Gateway) -> None:
    """The bar is on standard error, for a long file and at a terminal only; standard output stays as it is."""
    gateway.script = [(202, {}, b'{"accepted":200}')]
    event = json.dumps({**purchase("order-1", now), "note": "x" * 1_000}).encode()
    file = shop.folder / "long.ndjson"
    file.write_bytes(b"\n".join([event] * 400))
    screen, terminal = pty.openpty()
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "send", "--json", "--url", gateway.url, str(file)],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={**shop.process_environ, "TERM": "xterm"},
        check=False,
    )
    os.close(terminal)
    drawn = os.read(screen, 65_536)
    os.close(screen)

    assert done.returncode == 0
    assert b"sending" in drawn
    assert json.loads(done.stdout)["accepted"] >= 400


def test_a_check_that_waits_for_a_paste_says_so(shop: Shop, now: int) -> None:
    """`check -` at a terminal tells what it waits for and how to end it; in a pipe it is silent."""
    keyboard, terminal = pty.openpty()
    os.write(keyboard, json.dumps(purchase("order-1", now)).encode() + b"\n\x04")
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "check", "-"], stdin=terminal, capture_output=True, env=shop.process_environ, check=False
    )
    os.close(terminal)
    os.close(keyboard)

    assert done.returncode == 0
    assert b"Ctrl-D" in done.stderr
    assert run(shop, ["check", "-"], json.dumps(purchase("order-1", now)).encode()).stderr == b""
