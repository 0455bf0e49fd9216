"""Reading the parts of an event field by field: what is right is kept, what is nearly right is mended, and said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from fullcount.events import coercion
from fullcount.events.model import Ad, App, Content, Lead, Page, Properties, User
from fullcount.events.problem_list import ProblemList

S = TypeVar("S", bound=msgspec.Struct)
Reader = Callable[[Any, str, ProblemList], Any]


class Shape(Generic[S]):
    """How a part is read: what it becomes, a reader for each key, and older spellings of keys."""

    __slots__ = ("keeps_extra", "kind", "old_spellings", "readers")

    def __init__(self, kind: type[S], readers: Mapping[str, Reader], **old_spellings: str) -> None:
        self.kind = kind
        self.readers = readers
        self.old_spellings = old_spellings
        self.keeps_extra = "extra" in kind.__struct_fields__


def read_part(shape: Shape[S], given: Any, path: str, problems: ProblemList) -> S | None:
    """Return a part made of `given`, or None if that is no object.

    Empty values count as absent; keys that the part does not know are kept in its `extra` if it has one.
    """
    if not isinstance(given, dict):
        problems.drop(path, "wrong_type", "expected an object", 'send an object, e.g. {"key": "value"}')
        return None
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    readers, old_spellings = shape.readers, shape.old_spellings
    fields: dict[str, Any] = given
    for key, value in fields.items():
        if coercion.is_empty(value):
            continue
        name = old_spellings.get(key, key)
        here = coercion.below(path, key)
        if name not in readers:
            if not shape.keeps_extra:
                problems.drop(here, "unknown_key", "TikTok has no such key here", "leave it out, or use properties")
                continue
            if (kept := coercion.storable(value, here, problems)) is not None:
                extra[coercion.well_formed(str(key))] = kept
            continue
        if name != key:
            if not coercion.is_empty(fields.get(name)):
                continue
            problems.warn(here, "old_spelling", f"read as {name}", f"call it {name}")
        found = readers[name](value, here, problems)
        if found is not None:
            values[name] = found
    return shape.kind(**values, extra=extra) if extra else shape.kind(**values)


def _texts(*keys: str) -> dict[str, Reader]:
    return dict.fromkeys(keys, coercion.text)


_CONTENT = Shape(
    Content,
    {
        **_texts("content_id", "content_name", "content_category", "brand", "content_type"),
        "price": coercion.number,
        "quantity": coercion.number,
    },
)


def _contents(value: Any, path: str, problems: ProblemList) -> tuple[Content, ...]:
    if isinstance(value, dict):
        problems.warn(path, "coerced", "expected a list of items, got one item", "put the item into a list")
        value = [value]
    if not isinstance(value, list | tuple):
        problems.drop(path, "wrong_type", "expected a list of items", 'send a list, e.g. [{"content_id": "SKU-1"}]')
        return ()
    items = []
    for i, each in enumerate(value):
        here = f"{path}.{i}"
        if isinstance(each, str | int) and not isinstance(each, bool) and each != "":
            problems.warn(here, "coerced", "expected an item, got only its id", 'send {"content_id": "SKU-1"}')
            items.append(Content(content_id=coercion.text(each, here, ProblemList())))
        elif not coercion.is_empty(each) and (item := read_part(_CONTENT, each, here, problems)) is not None:
            items.append(item)
    return tuple(items)


# "contents_ids" is how RudderStack spells it (seen 2025).
_PROPERTIES = Shape(
    Properties,
    {
        **_texts("content_type", "currency", "search_string", "query", "description", "order_id", "shop_id", "status"),
        **_texts("delivery_category", "event_channel"),
        "contents": _contents,
        "content_ids": coercion.texts,
        "value": coercion.number,
        "num_items": coercion.whole,
        "predicted_ltv": coercion.number,
    },
    contents_ids="content_ids",
)
_FLAT_ITEM = ("content_id", "content_name", "content_category", "brand", "price", "quantity")


def read_properties(given: Any, path: str, problems: ProblemList) -> Properties | None:
    """Return properties; item fields that stand flat beside no `contents` become one item."""
    if isinstance(given, dict) and not coercion.is_empty(given.get("content_id")):
        given = _with_flat_item(given, path, problems)
    return read_part(_PROPERTIES, given, path, problems)


def _with_flat_item(given: dict[str, Any], path: str, problems: ProblemList) -> dict[str, Any]:
    if isinstance(given["content_id"], list | tuple):
        if coercion.is_empty(given.get("content_ids")):
            problems.warn(f"{path}.content_id", "old_spelling", "read as content_ids", "call it content_ids")
            rest = {key: value for key, value in given.items() if key != "content_id"}
            return {**rest, "content_ids": given["content_id"]}
    elif coercion.is_empty(given.get("contents")):
        problems.warn(f"{path}.content_id", "flat_item", "read as one item", "send the item in contents")
        item = {key: given[key] for key in _FLAT_ITEM if key in given}
        rest = {key: value for key, value in given.items() if key not in item}
        return {**rest, "contents": [item]}
    return given


_USER = Shape(
    User,
    {
        **dict.fromkeys(("email", "phone", "external_id", "first_name", "last_name", "zip_code"), coercion.identifiers),
        **_texts("city", "state", "country", "ttclid", "ttp", "ip", "user_agent", "locale", "lead_id"),
        **_texts("idfa", "idfv", "gaid", "att_status"),
    },
    phone_number="phone",
    phone_numbers="phone",
    emails="email",
    click_id="ttclid",
    sha256_email="email",
    sha256_phone_number="phone",
)
_PAGE = Shape(Page, _texts("url", "referrer"))
_APP = Shape(App, _texts("app_id", "app_name", "app_version"))
_AD = Shape(
    Ad,
    {
        **_texts("callback", "campaign_id", "ad_id", "creative_id", "attribution_type", "attribution_provider"),
        "is_retargeting": coercion.truth,
        "attributed": coercion.truth,
    },
)
_LEAD = Shape(Lead, _texts("lead_id", "lead_event_source"))


def read_user(given: Any, path: str, problems: ProblemList) -> User | None:
    """Return the user, under today's or TikTok's older spellings."""
    return read_part(_USER, given, path, problems)


def read_page(given: Any, path: str, problems: ProblemList) -> Page | None:
    """Return the page; a lone string is its URL."""
    if isinstance(given, str):
        problems.warn(path, "coerced", "expected an object, got text; it was read as page.url", "send page.url")
        given = {"url": given}
    return read_part(_PAGE, given, path, problems)


def read_app(given: Any, path: str, problems: ProblemList) -> App | None:
    """Return the app."""
    return read_part(_APP, given, path, problems)


def read_ad(given: Any, path: str, problems: ProblemList) -> Ad | None:
    """Return the ad."""
    return read_part(_AD, given, path, problems)


def read_lead(given: Any, path: str, problems: ProblemList) -> Lead | None:
    """Return the lead."""
    return read_part(_LEAD, given, path, problems)
