"""Made-up people who use TikTok: what an advertiser may know of them, and what TikTok knows."""

from __future__ import annotations

import hashlib
import random
from typing import Annotated, Any

import msgspec

LARGEST = 10_000
KEYS = ("email", "phone", "external_id", "ttp", "ip_and_user_agent")
_AREA_CODES = [code for code in range(201, 401) if code % 100 != 11]
_IPV4_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
_WEBKIT, _BLINK = "AppleWebKit/605.1.15 (KHTML, like Gecko)", "AppleWebKit/537.36 (KHTML, like Gecko)"
_IN_APP = "BytedanceWebview/d8a21c6"
_USER_AGENTS = (
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) {_WEBKIT} Version/19.1 Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_WEBKIT} Mobile/15E148 musical_ly_41.2.0 {_IN_APP}",
    f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {_BLINK} Chrome/142.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 14; SM-A546B; wv) {_BLINK} Chrome/141.0.0.0 Mobile trill_410203 {_IN_APP}",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_BLINK} Chrome/142.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/19.1 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
)
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Shares(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The share of people of whom TikTok knows each key; 1: of everybody."""

    email: Share = 1.0
    phone: Share = 1.0
    external_id: Share = 1.0
    ttp: Share = 1.0
    ip_and_user_agent: Share = 1.0


class PopulationPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to make a population; the same plan makes the same people."""

    size: Annotated[int, msgspec.Meta(ge=0, le=LARGEST)] = 0
    seed: int = 1
    known: Shares = Shares()


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One made-up person: plain identifiers, and which of the keys TikTok has."""

    name: str
    email: str
    phone: str
    external_id: str
    ttp: str
    ip: str
    user_agent: str
    known: tuple[str, ...]

    def to_builtins(self) -> dict[str, Any]:
        """Return what a shop would hold in the clear, and `user` as an event carries it."""
        return {
            "name": self.name,
            "plain": {"email": self.email, "phone": self.phone, "external_id": self.external_id},
            "user": {
                "email": sha256_hex(self.email),
                "phone": sha256_hex(self.phone),
                "external_id": sha256_hex(self.external_id),
                "ttp": self.ttp,
                "ip": self.ip,
                "user_agent": self.user_agent,
            },
            "known": list(self.known),
        }


def make_population(plan: PopulationPlan) -> list[Person]:
    """Return the people of a plan: example.com addresses, +1 … 555 01xx numbers, addresses of RFC 5737 and 3849.

    >>> [person.email for person in make_population(PopulationPlan(size=2))]
    ['user-00001@example.com', 'user-00002@example.com']
    """
    rng = random.Random(plan.seed)
    return [_person(number, rng, plan.known) for number in range(1, plan.size + 1)]


def _person(number: int, rng: random.Random, known: Shares) -> Person:
    name = f"user-{number:05}"
    area, last_digits = divmod(number - 1, 100)
    return Person(
        name=name,
        email=f"{name}@example.com",
        phone=f"+1{_AREA_CODES[area]}55501{last_digits:02}",
        external_id=f"customer-{rng.randrange(10**9):09}-{number}",
        ttp="".join(rng.choices(_BASE62, k=27)),
        ip=_address(number, rng),
        user_agent=rng.choice(_USER_AGENTS),
        known=tuple(key for key in KEYS if rng.random() < getattr(known, key)),
    )


def _address(number: int, rng: random.Random) -> str:
    """Return an IPv4 address for four of ten, which some of them share, and an own IPv6 one for the others."""
    if rng.random() < 0.4:
        return f"{rng.choice(_IPV4_NETWORKS)}.{rng.randrange(1, 255)}"
    return f"2001:db8:{number:x}::{rng.randrange(1, 0xFFFF):x}"


def sha256_hex(text: str) -> str:
    """Return the SHA-256 of `text` in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
