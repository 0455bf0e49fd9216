"""What senders hold of people and secrets shows in no repr, and so in no log and no traceback."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import msgspec
import pytest

import fullcount.sources
from fullcount.sources.adobe.envelope import Told as ToldByAdobe
from fullcount.sources.carried import Visit
from fullcount.sources.meta.encodings import Envelope as EnvelopeOfMeta
from fullcount.sources.reply import Reply
from fullcount.sources.segment.calls import Envelope as EnvelopeOfSegment

# Fields of plain values: a person's, a visit's, or a piece of somebody else's JSON.
PLAIN = {
    *(
        "about",
        "above",
        "access_token",
        "client_ids",
        "context",
        "data",
        "email",
        "fields",
        "headers",
        "ip",
        "location",
    ),
    *("meta", "metadata", "order", "params", "people", "phone", "request", "thing", "ttclid", "ttp", "user_agent"),
    *("user_data", "visitor", "writeKey"),
}
OWN_TABLES = {"Refusal"}  # its headers are ours: Retry-After, Allow


def classes() -> Iterator[type]:
    """Yield every struct and named tuple of the senders."""
    for found in pkgutil.walk_packages(fullcount.sources.__path__, "fullcount.sources."):
        for each in vars(importlib.import_module(found.name)).values():
            if isinstance(each, type) and each.__module__ == found.name and fields_of(each):
                yield each


def fields_of(kind: type) -> set[str]:
    """Return the names of its fields."""
    return set(getattr(kind, "__struct_fields__", ()) or getattr(kind, "_fields", ()))


def shows_all(kind: type) -> bool:
    """Say whether its repr is the one that names every value: no class of ours gave it another."""
    giver = next(each for each in kind.__mro__ if "__repr__" in vars(each))
    if issubclass(kind, msgspec.Struct):
        return giver.__module__.startswith("msgspec")
    return bool(vars(giver)["__repr__"].__module__ == "collections")


def test_what_has_plain_values_has_a_repr_of_its_own() -> None:
    """A class with such a field says which fields hold something, and not what."""
    bare = [kind.__name__ for kind in classes() if shows_all(kind) and fields_of(kind) & PLAIN]
    assert sorted(bare) == sorted(OWN_TABLES)


@pytest.mark.parametrize(
    "held",
    [
        Visit("jane@example.com", "jane@example.com", "jane@example.com", "granted"),
        ToldByAdobe("sales_order_place_after", {"customer_email": "jane@example.com"}),
        EnvelopeOfMeta(msgspec.Raw(b'"jane@example.com"'), "jane@example.com"),
        EnvelopeOfSegment([], {"traits": {"email": "jane@example.com"}}),
        Reply(200, b"jane@example.com", ((b"set-cookie", b"jane@example.com"),)),
    ],
)
def test_a_repr_tells_nobody(held: object) -> None:
    """Names of fields, sizes and statuses."""
    assert "jane" not in repr(held)
