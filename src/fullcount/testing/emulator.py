"""A strict local TikTok for a test: `async with running_emulator() as tiktok: ... tiktok.base_url`."""

from __future__ import annotations

from fullcount.emulator.emulator import Emulator
from fullcount.emulator.serving import DEFAULT_PIXEL, DEFAULT_TOKEN, RunningEmulator, running_emulator
from fullcount.emulator.settings import EmulatorSettings

__all__ = ["DEFAULT_PIXEL", "DEFAULT_TOKEN", "Emulator", "EmulatorSettings", "RunningEmulator", "running_emulator"]
