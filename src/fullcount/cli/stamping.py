"""Gives events a time before they are sent: a request that is sent again after a lost answer then counts nothing twice.

An event with neither an event_id nor a time would get a new event_id each time that it arrives. With a time it gets the
same one each time, made from its order or its content.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b

import msgspec

from fullcount.cli.documents import Item, with_time

_TELLING = ("event_id", "event_time", "timestamp")
_json = msgspec.json.Decoder(dict[str, msgspec.Raw])
_UNSET = frozenset({b"null", b'""'})


def stamped(items: Iterator[Item], at: float, *, every: bool) -> Iterator[Item]:
    """Yield the items, those of `every` or that need one with a time: `at`, in Unix seconds.

    Events that are alike in a file are different events: each further one is a second older, so that it stays one.
    """
    copies: Counter[bytes] = Counter()
    for item in items:
        if item.problem is None and every:
            yield msgspec.structs.replace(item, event=with_time(item.event, at))
        elif item.problem is None and _is_untold(item.event):
            digest = blake2b(item.event, digest_size=16).digest()
            yield msgspec.structs.replace(item, event=with_time(item.event, at - copies[digest]))
            copies[digest] += 1
        else:
            yield item


def _is_untold(event: bytes) -> bool:
    fields = _json.decode(event)
    return all(bytes(fields.get(key, b"null")) in _UNSET for key in _TELLING)
