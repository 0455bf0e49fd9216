"""Unlisted keys and free texts: what looks like an identifier in them is taken out, and said."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from fullcount.events.coercion import below
from fullcount.events.free_text import REMOVED, holds_identifier, without_identifiers
from fullcount.events.model import Content, Properties
from fullcount.events.problem_list import ProblemList
from fullcount.identity.privacy import NameKind, is_private, kind_of

S = TypeVar("S", bound=msgspec.Struct)

_FIX = "send identifiers in user, where they are hashed"
_REMOVED_REASON = "an e-mail address, a phone number, another personal value or a secret in it was removed"
_ITEM_TEXTS = ("content_id", "content_name", "content_category", "brand", "content_type")
_TEXTS = (
    "content_type",
    "currency",
    "search_string",
    "query",
    "description",
    "order_id",
    "shop_id",
    "status",
    "delivery_category",
    "event_channel",
)


def clean_user_extra(extra: dict[str, Any], path: str, problems: ProblemList) -> dict[str, Any] | None:
    """Return unlisted keys of a person or event without those that look like an identifier or a secret, at any depth.

    None if nothing is left.
    """
    kept: dict[str, Any] = {}
    for key, value in extra.items():
        here = below(path, key)
        if holds_identifier(key) or _is_private_value(key, value) or _is_of_person_or_door(key, value, path):
            problems.drop(here, "identifier_in_extra", "the key or its value looks like an identifier", _FIX)
        elif isinstance(value, dict):
            kept[key] = clean_user_extra(value, here, problems) or {}
        elif isinstance(value, list | tuple):
            kept[key] = [each for each in (_cleaned_element(key, each, here, problems) for each in value) if each != ""]
        else:
            kept[key] = value
    return kept or None


def _is_private_value(key: str, value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and is_private(key, str(value))


def _is_of_person_or_door(key: str, value: Any, path: str) -> bool:
    """Return whether all that stands under `key` is private, be it an object or a list, or a bare name in `user`."""
    if not value or isinstance(value, bool):
        return False
    if key.lower() == "name":
        return path.startswith("user")
    kind = _kind_within(path.rpartition(".")[2], key)
    return kind is NameKind.SECRET or kind is NameKind.PERSON


def _kind_within(parent: str, key: str) -> NameKind:
    """Return what a key says of its value: "name" says more under "customer" than alone."""
    kind = kind_of(key)
    if kind is NameKind.PLAIN and parent and kind_of(f"{parent}_{key}") is NameKind.PERSON:
        return NameKind.PERSON
    return kind


def _cleaned_element(key: str, value: Any, path: str, problems: ProblemList) -> Any:
    """Return an element of a list that stands under `key`; an empty string for one that must go."""
    if isinstance(value, dict):
        return clean_user_extra(value, path, problems) or {}
    if isinstance(value, list | tuple):
        return [_cleaned_element(key, each, path, problems) for each in value]
    if _is_private_value(key, value):
        problems.drop(path, "identifier_in_extra", "a value looks like an identifier", _FIX)
        return ""
    return value


def clean_properties(given: Properties, problems: ProblemList) -> Properties:
    """Return the properties with what is personal or secret replaced by "(removed)".

    In texts these are e-mail addresses and phone numbers; under unlisted keys also what the key says to be one.
    """
    if not _may_hold_identifier(given):
        return given
    changes: dict[str, Any] = {
        name: cleaned
        for name in _TEXTS
        if (text := getattr(given, name)) and (cleaned := without_identifiers(text)) != text
    }
    ids = tuple([without_identifiers(each) for each in given.content_ids])
    if ids != given.content_ids:
        changes["content_ids"] = ids
    contents = tuple([_clean_item(item) for item in given.contents])
    if contents != given.contents:
        changes["contents"] = contents
    if given.extra and (extra := _clean_tree(given.extra)) != given.extra:
        changes["extra"] = extra
    for name in changes:
        problems.drop(f"properties.{name}", "identifier_removed", _REMOVED_REASON, _FIX)
    return replace(given, **changes) if changes else given


def clean_part(part: S, path: str, problems: ProblemList) -> S:
    """Return an app, ad or lead with e-mail addresses and phone numbers in its texts replaced by "(removed)"."""
    changes: dict[str, Any] = {}
    for name in part.__struct_fields__:
        text = getattr(part, name)
        if isinstance(text, str) and (cleaned := without_identifiers(text)) != text:
            changes[name] = cleaned
            problems.drop(f"{path}.{name}", "identifier_removed", _REMOVED_REASON, _FIX)
    return replace(part, **changes) if changes else part


def _may_hold_identifier(given: Properties) -> bool:
    """Return whether a closer look is worth its time: most purchases have an order, items, and no free text."""
    if (
        given.extra
        or given.search_string
        or given.query
        or given.description
        or given.content_ids
        or given.shop_id
        or given.status
        or given.event_channel
        or given.delivery_category
    ):
        return True
    text = f"{given.order_id}{given.content_type}{given.currency}"
    if "@" in text or "+" in text:
        return True
    for item in given.contents:
        text = f"{item.content_id}{item.content_name}{item.content_category}{item.brand}{item.content_type}"
        if "@" in text or "+" in text or item.extra:
            return True
    return False


def _clean_item(item: Content) -> Content:
    changes: dict[str, Any] = {
        name: cleaned
        for name in _ITEM_TEXTS
        if (text := getattr(item, name)) and (cleaned := without_identifiers(text)) != text
    }
    if item.extra and (extra := _clean_tree(item.extra)) != item.extra:
        changes["extra"] = extra
    return replace(item, **changes) if changes else item


def _clean_tree(value: Any, key: str = "", parent: str = "") -> Any:
    if value is None or isinstance(value, bool) or value == "":
        return value
    kind = _kind_within(parent, key) if key else NameKind.PLAIN
    if kind is NameKind.SECRET or kind is NameKind.PERSON:
        return REMOVED
    if isinstance(value, dict):
        return {without_identifiers(name): _clean_tree(each, name, key) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_tree(each, key, parent) for each in value]
    if kind is NameKind.PHONE and is_private(key, str(value)):
        return REMOVED
    return without_identifiers(value) if isinstance(value, str) else value
