"""SIGTERM ends the gateway in order, and only one gateway at a time owns a file."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from tests.e2e.harness import House

from fullcount.demo.processes import Gateway
from fullcount.demo.waiting import eventually


async def test_sigterm_waits_for_what_is_under_way(house: House) -> None:
    """An answer that is late is awaited and settled: the restart has nothing to send twice."""
    await house.control.add_faults([{"kind": "delay", "seconds": 1.0}])
    await house.start()
    await house.load.send(100)

    async def is_hanging() -> bool:
        return any(request["fault"] == "delay" for request in await house.control.requests())

    await eventually(is_hanging, "a batch is in flight")
    house.gateway.send_signal(signal.SIGTERM)
    assert await house.gateway.ended() == 0

    await house.start()
    await house.settled()
    await house.assert_each_counted_once()
    assert await house.wire_copies() == 0


async def test_sigterm_under_load_loses_nothing_and_sends_nothing_twice(house: House) -> None:
    """Whoever was not answered comes again after the restart; whatever was under way was settled before the end."""
    await house.start()
    sending = asyncio.create_task(house.load.send(400))
    await eventually(lambda: len(house.load.accepted) >= 100, "a quarter is accepted")
    house.gateway.send_signal(signal.SIGTERM)
    assert await house.gateway.ended() == 0

    await house.start()
    await sending
    await house.settled()
    await house.assert_each_counted_once()
    assert len(house.load.accepted) == 400
    assert await house.wire_copies() == 0


async def test_sigterm_does_not_wait_for_ever(house: House) -> None:
    """An answer that never comes is not awaited beyond `drain_seconds`; the event is sent again later."""
    await house.control.add_faults([{"kind": "delay", "seconds": 3600}])
    settings_with_short_drain = {**house.settings(), "tiktok": {"base_url": house.emulator.url, "timeout_seconds": 30}}
    settings_with_short_drain["server"] = {"drain_seconds": 1.0}
    house.gateway.write_settings(settings_with_short_drain)
    await house.start()
    await house.load.send(10)

    async def is_hanging() -> bool:
        return any(request["fault"] == "delay" for request in await house.control.requests())

    await eventually(is_hanging, "a batch is in flight")
    house.gateway.send_signal(signal.SIGTERM)
    assert await house.gateway.ended(within_seconds=30) == 0

    await house.start()
    await house.settled()
    await house.assert_each_counted_once()


async def test_a_second_gateway_on_the_same_file_names_the_owner(house: House, tmp_path: Path) -> None:
    """It exits with 2, says which process has the file, and the first goes on."""
    await house.start()
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    storage = {"url": f"sqlite:{house.folder / 'fullcount.db'}", "min_free_disk": 1_000_000}
    second = Gateway(other_folder, {**house.settings(), "storage": storage}, name="second")
    second.launch()
    try:
        assert await second.ended() == 2
    finally:
        second.kill()

    assert str(house.gateway.pid) in second.log.read_text(encoding="utf-8")
    await house.load.send(10)
    await house.settled()
    await house.assert_each_counted_once()
