"""Which fields a copy of an event holds: names for the ledger, never a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from fullcount.events.hashed import HashedEvent

_PARTS = ("user", "page", "properties", "app", "ad", "lead")


def fields_of(event: HashedEvent) -> frozenset[str]:
    """Return the names of the fields that an event holds; what nobody lists is "extra", by whatever name it came.

    >>> from fullcount.events.hashed import HashedUser
    >>> from fullcount.events.model import Page, Properties
    >>> user, page = HashedUser(ttp="test"), Page(url="https://shop.example.com/")
    >>> event = HashedEvent(event="a", canonical="a", event_time=1, event_id="1", user=user, page=page,
    ...                     properties=Properties(value=0))
    >>> sorted(fields_of(event))
    ['page.url', 'properties.value', 'user.ttp']
    """
    return frozenset(_names(event))


def _names(event: HashedEvent) -> Iterator[str]:
    for part_name in _PARTS:
        part: msgspec.Struct | None = getattr(event, part_name)
        if part is not None:
            for name in part.__struct_fields__:
                if getattr(part, name) not in (None, "", ()):
                    yield f"{part_name}.{name}"
    if event.extra:
        yield "extra"


def more_than(known: Iterable[str], event: HashedEvent) -> str:
    """Return for the ledger what a later copy held that the first one lacked; empty if that is nothing."""
    return ", ".join(sorted(fields_of(event).difference(known)))
