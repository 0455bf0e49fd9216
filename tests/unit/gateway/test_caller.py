"""Who called is the address behind trusted proxies, and nothing that a caller may have made up."""

from __future__ import annotations

from typing import Any

import pytest

from fullcount.gateway.caller import MOST_HOPS, Callers


@pytest.mark.parametrize(
    ("socket", "forwarded", "expected"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "192.0.2.66, 198.51.100.1, 10.0.0.3", "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1:5123", "198.51.100.1"),
        ("127.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("127.0.0.1", "unknown", None),
        ("127.0.0.1", " , ", "127.0.0.1"),
        ("10.0.0.9", "10.0.0.3", "10.0.0.3"),
    ],
)
def test_the_last_address_that_no_trusted_proxy_has_is_the_caller(
    socket: str, forwarded: str, expected: str | None
) -> None:
    """Read from the right: what stands further left may be forged by the caller itself."""
    scope: dict[str, Any] = {"client": (socket, 1)}

    assert Callers(["127.0.0.1", "10.0.0.0/8"]).address_of(scope, forwarded) == expected


def test_a_caller_without_an_address_has_none() -> None:
    """A Unix socket has no address, and nothing is made up for it."""
    assert Callers(["127.0.0.1"]).address_of({"client": None}, "198.51.100.1") is None


def test_of_a_long_list_only_the_last_addresses_are_looked_at() -> None:
    """A header of any length costs no more, and whoever wrote it further left gains nothing."""
    callers = Callers(["127.0.0.1"])
    scope: dict[str, Any] = {"client": ("127.0.0.1", 1)}
    behind = ", ".join(["192.0.2.66", *["127.0.0.1"] * MOST_HOPS])
    assert callers.address_of(scope, behind) == "127.0.0.1"
    assert callers.address_of(scope, behind.replace("127.0.0.1", "192.0.2.4", 1)) == "192.0.2.4"
    assert callers.address_of(scope, "203.0.113.7," * 1_000_000 + "192.0.2.4") == "192.0.2.4"
