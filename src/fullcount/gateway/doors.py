"""Which sender a path belongs to, and which sources a request there may be for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fullcount.pipeline.terms import SourceTerms
from fullcount.sources.sender import Door, Rules, Sender

WEBHOOKS_PATH = "/webhooks/{source}"
_WEBHOOK = re.compile(r"/webhooks/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})/?")
WEBHOOK_METHODS = frozenset({"POST", "GET"})  # GET: a challenge that a platform sends before it trusts an address


class Listed(msgspec.Struct, frozen=True):
    """A source as a request meets it: what its sender reads by, and what the pipeline goes by."""

    rules: Rules
    terms: SourceTerms


class Entrance(msgspec.Struct, frozen=True):
    """Where a request came in: the route's name in metrics, its sender, and the sources that it may be for."""

    route: str
    sender: Sender
    methods: frozenset[str]
    listed: Sequence[Listed]
    is_public: bool = False
    max_bytes: int | None = None


class Doors:
    """Finds the entrance of a path. A sender without a source has no doors: its paths are not there."""

    def __init__(
        self, senders: Iterable[Sender], sources: Mapping[str, tuple[str, Listed]], prefix: str = "/fc"
    ) -> None:
        """`sources` maps each source's name to its kind and itself; `prefix` is where the snippet is mounted."""
        self._by_path: dict[str, Entrance] = {}
        self._by_pattern: list[tuple[re.Pattern[str], Entrance]] = []
        self._webhooks: dict[str, Entrance] = {}
        for sender in senders:
            listed = tuple(each for kind, each in sources.values() if kind == sender.kind)
            for door in sender.doors:
                path = door.path.replace("{prefix}", prefix)
                self._hang(
                    door,
                    path,
                    Entrance(
                        door.route.replace("{prefix}", prefix) or path,
                        sender,
                        door.methods,
                        listed,
                        door.is_public,
                        door.max_bytes,
                    ),
                )
            if not sender.doors:
                self._webhooks |= {
                    each.rules.name: Entrance(WEBHOOKS_PATH, sender, WEBHOOK_METHODS, (each,)) for each in listed
                }

    def find(self, path: str) -> Entrance | None:
        """Return the entrance of a path, with or without its last slash, or None."""
        found = self._by_path.get(path) or self._by_path.get(path.rstrip("/"))
        if found is not None:
            return found
        webhook = _WEBHOOK.fullmatch(path)
        if webhook is not None:
            return self._webhooks.get(webhook[1])
        for pattern, entrance in self._by_pattern:
            if pattern.fullmatch(path):
                return entrance
        return None

    def paths(self) -> list[str]:
        """Return the paths that are there, for a person who took a wrong turn; no source's name is told."""
        patterns = [entrance.route for _, entrance in self._by_pattern]
        return [*self._by_path, *patterns, *([WEBHOOKS_PATH] if self._webhooks else [])]

    def _hang(self, door: Door, path: str, entrance: Entrance) -> None:
        if not entrance.listed:
            return
        if door.is_pattern:
            self._by_pattern.append((re.compile(path), entrance))
        else:
            self._by_path[path] = entrance
