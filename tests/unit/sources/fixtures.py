"""The recorded requests of every sender, and a way to run one from its raw bytes to the hashed event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fullcount.config.decode import decode
from fullcount.config.load import completed
from fullcount.config.rules import rules_of
from fullcount.pipeline.terms import SourceTerms, terms_of
from fullcount.pipeline.travel import Arrival, travel
from fullcount.sources.registry import SENDERS
from fullcount.sources.sender import Rules
from fullcount.sources.source import Intake, RawRequest

FOLDER = Path(__file__).parents[2] / "fixtures" / "sources"
NOW = 1_795_172_400.0  # 2026-11-20T11:00:00Z, within the hour of the fixtures
CODE = "CEXAMPLE0PIXEL000001"


class Fixture(msgspec.Struct, frozen=True):
    """One recorded request and what the index expects of it."""

    file: str
    method: str
    path: str
    headers: dict[str, str]
    secret: str
    expect: dict[str, Any]
    note: str

    @property
    def body(self) -> bytes:
        """The exact bytes."""
        return (FOLDER / self.file).read_bytes()

    def request(self, *, client_ip: str | None = None, **changed: Any) -> RawRequest:
        """Return it as the gateway hands it to a sender."""
        parts = urlsplit(self.path)
        given: dict[str, Any] = {
            "body": self.body,
            "method": self.method,
            "path": parts.path,
            "query": parts.query,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "client_ip": client_ip,
            "received_at": NOW,
        }
        return RawRequest(**given | changed)


def fixtures(folder: str = "") -> list[Fixture]:
    """Return the index's fixtures, those of one folder or all."""
    index = json.loads((FOLDER / "INDEX.json").read_text(encoding="utf-8"))
    return [
        Fixture(
            row["file"],
            row["method"],
            row["path"],
            row.get("headers") or {},
            row.get("test_secret") or "test-key",
            row.get("expect") or {},
            row.get("note") or "",
        )
        for row in index["fixtures"]
        if row["file"].startswith(folder)
    ]


def fixture(file: str) -> Fixture:
    """Return the first fixture of a file."""
    return next(each for each in fixtures() if each.file == file)


class Ran(msgspec.Struct, frozen=True):
    """What one request came to: whether it was authentic, what was read, and each event at the queue's door."""

    is_authentic: bool
    intake: Intake
    arrivals: tuple[Arrival, ...]

    @property
    def event(self) -> Any:
        """The one hashed event."""
        (arrival,) = self.arrivals
        (entry,) = arrival.entries
        return entry.event


def source_of(kind: str, secret: str, now: float = NOW, **settings: Any) -> tuple[Rules, SourceTerms]:
    """Return what a source of this kind goes by; `settings` are keys of its [[sources]] table."""
    table = {"name": "shop", "kind": kind, "key": secret, "pixels": ["store"], "consent": "sender_vouches", **settings}
    pixel = {"name": "store", "code": CODE, "access_token": "test-token"}
    read = completed(decode({"pixels": [pixel], "sources": [table]}, {}), Path())
    return rules_of(read.sources[0], read), terms_of(read, now)["shop"]


def ran(kind: str, request: RawRequest, secret: str, now: float = NOW, **settings: Any) -> Ran:
    """Run a request through a source of this kind; `settings` are keys of its [[sources]] table."""
    rules, terms = source_of(kind, secret, now, **settings)
    sender = SENDERS[kind]
    if not sender.admits(request, rules):
        return Ran(False, Intake(()), ())
    intake = sender.read(request, rules)
    return Ran(True, intake, tuple(travel(reading, intake, terms, now) for reading in intake.readings))
