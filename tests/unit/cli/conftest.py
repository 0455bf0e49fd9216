"""What tests of the command line share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.cli.scripted_gateway import Gateway
from tests.unit.cli.shop import CODE, Shop

from fullcount.clock import SystemClock
from fullcount.testing.emulator import running_emulator


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Return a shop whose TikTok is an emulator on a free port."""
    with running_emulator({CODE: "test-token"}) as tiktok:
        yield Shop(tmp_path, tiktok)


@pytest.fixture
def now() -> int:
    """Return the time as the commands see it, in whole Unix seconds."""
    return int(SystemClock().now())


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Run a scripted gateway on a free port."""
    server = Gateway()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
