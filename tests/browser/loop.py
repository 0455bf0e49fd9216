"""How async fixtures of this folder are declared."""

from __future__ import annotations

import functools

import pytest_asyncio

# A fixture that lives in the same event loop as Chromium and the tests.
browser_fixture = functools.partial(pytest_asyncio.fixture, loop_scope="session")
