"""The system's Chromium: where it is, and how it is started so that nothing leaves this machine."""

from __future__ import annotations

import shutil

from playwright.async_api import Browser, Playwright

COMMANDS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

# Names of shops that pages are served under; everything else but loopback does not resolve.
HOSTS = (
    "MAP *.example.com 127.0.0.1",
    "MAP * ~NOTFOUND",
    "EXCLUDE 127.0.0.1",
    "EXCLUDE localhost",
    "EXCLUDE *.localhost",
)
ARGUMENTS = (
    "--no-sandbox",  # as root, in a container
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    f"--host-resolver-rules={', '.join(HOSTS)}",
)


def find_chromium() -> str:
    """Return the path of the system's Chromium.

    Raises:
        RuntimeError: there is none, and how to get it.
    """
    for command in COMMANDS:
        if path := shutil.which(command):
            return path
    raise RuntimeError(
        "no Chromium on this machine, which tests/browser needs. Fix: make setup, or apt-get install chromium"
    )


async def launch_chromium(playwright: Playwright) -> Browser:
    """Start Chromium without a window."""
    return await playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS), timeout=60_000)
