"""What the shop's process is told when it starts."""

from __future__ import annotations

import msgspec


class ShopSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the others are, and what the shop pastes into its pages; a JSON file of the demo's folder."""

    port: int
    gateway_url: str
    tiktok_url: str
    store: str  # the gateway's, to read what became of an order
    pixel_code: str
    snippet_key: str
    prefix: str = "/fc"  # where the gateway is mounted on the shop's own host
    webhook_path: str
    webhook_secret: str
    webhook_delay_seconds: float = 0.5  # of a shop that sends its webhooks from a scheduler
    clock_url: str = ""  # the emulator's clock, if tests move it; nothing: the machine's

    def __repr__(self) -> str:
        return f"ShopSettings(port={self.port})"
