"""Forgetting: whom or what nothing that is kept may name any more, and how much of it there was."""

from __future__ import annotations

import re

import msgspec

from fullcount.events.hashed import HashedEvent
from fullcount.events.model import Identifiers, names_only
from fullcount.redact import mask_chosen


class Subject(msgspec.Struct, frozen=True):
    """Whom or what to forget: everything that any of these names."""

    event_ids: tuple[str, ...] = ()  # of orders, and their checkout tokens; an event's own order id is compared, too
    emails: tuple[str, ...] = ()  # SHA-256 hex, as are the two below
    phones: tuple[str, ...] = ()
    external_ids: tuple[str, ...] = ()
    source: str = ""  # everything that came by this source
    click_ids: tuple[str, ...] = ()
    browser_ids: tuple[str, ...] = ()

    __repr__ = names_only


class Forgotten(msgspec.Struct, frozen=True):
    """How much there was."""

    deliveries: int = 0  # that waited or were held; each ended as dead, purged
    leased: int = 0  # that are under way: they end likewise when they come back, unless they are delivered
    dead_letters: int = 0
    facts: int = 0  # of the ledger, that lost their event_id
    refunds: int = 0  # likewise
    errands: int = 0


class Match:
    """A subject, ready to be compared with many events."""

    def __init__(self, subject: Subject) -> None:
        self.source = subject.source
        # Hashes are compared in lower case, as they are stored.
        hashes = (("email", subject.emails), ("phone", subject.phones), ("external_id", subject.external_ids))
        self._people = [(name, frozenset(value.lower() for value in values)) for name, values in hashes]
        self._people += [("ttclid", frozenset(subject.click_ids)), ("ttp", frozenset(subject.browser_ids))]
        self._event_ids = frozenset(subject.event_ids) - {""}
        # The ledger has some ids masked.
        self.event_ids = tuple(sorted(self._event_ids | {mask_chosen(event_id) for event_id in self._event_ids}))
        self._names_events = bool(self._event_ids or any(values for _, values in self._people))
        words = self._event_ids.union(*(values for _, values in self._people))
        self._quick = re.compile(b"|".join(re.escape(word.encode("utf-8", "surrogatepass")) for word in sorted(words)))

    def may_be_in(self, stored: bytes) -> bool:
        """Return whether a stored event may be meant: quicker than decoding each."""
        return self._names_events and self._quick.search(stored) is not None

    def takes(self, source: str, event: HashedEvent) -> bool:
        """Return whether an event that came by a source is meant."""
        return (bool(self.source) and source == self.source) or self.is_named_in(event)

    def is_named_in(self, event: HashedEvent) -> bool:
        """Return whether an event names the subject, wherever it came from."""
        if event.event_id in self._event_ids or event.properties.order_id in self._event_ids:
            return True
        return any(values and _has(getattr(event.user, name), values) for name, values in self._people)


def _has(identifiers: Identifiers, values: frozenset[str]) -> bool:
    if identifiers is None:
        return False
    return identifiers in values if isinstance(identifiers, str) else not values.isdisjoint(identifiers)
