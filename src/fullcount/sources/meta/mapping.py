"""One of Meta's server events as an event of ours."""

from __future__ import annotations

import re
from typing import Any

from fullcount.events.names import canonical_name
from fullcount.events.problems import Problem
from fullcount.events.reading import Reading, read_fields
from fullcount.events.tie import TieKind
from fullcount.sources.mapped import event_reading, items_of, mapped_name, purchase_id, tied
from fullcount.sources.meta.names import EVENT_SOURCES, NAMES
from fullcount.sources.meta.options import MetaOptions
from fullcount.sources.meta.person import user_of
from fullcount.sources.payload import Node, amount, as_list, at, first_text, rows, text
from fullcount.sources.sender import Rules
from fullcount.sources.source import Ignored

_COMMA_DECIMAL = re.compile(r"[+-]?[0-9.]*,[0-9]{1,2}").fullmatch
_NO_APP = Problem(
    "app_data",
    "an app event needs the app's id at TikTok",
    "set app_id on the source, or send app_data.extinfo",
    code="app_id_missing",
)


def read_event_of_meta(item: bytes, rules: Rules) -> Reading | Ignored:
    """Return the reading of one event, or that the settings leave its name out."""
    event = read_fields(item)
    if event is None:
        return _refused(Problem("", "the event is no JSON object", "send an object", code="not_an_object"))
    said = text(event, "event_name")
    if said is None:
        return _refused(
            Problem("event_name", "the event has no name", 'send "event_name": "Purchase"', code="name_missing")
        )
    name = mapped_name(rules, NAMES, said)
    if name is None:
        return Ignored("switched_off", said)
    user, problems = user_of(event, rules)
    source = EVENT_SOURCES.get((text(event, "action_source") or "").lower(), "web")
    app_id = _app_id(event, rules) if source == "app" else None
    if source == "app" and app_id is None:
        return _refused(_NO_APP, said)
    custom = at(event, "custom_data")
    fields: Node = {
        "event": name,
        "event_id": text(event, "event_id") or _order_event_id(name, custom, rules),
        "event_time": event.get("event_time"),
        "event_source": source,
        "app": {"app_id": app_id},
        "user": user,
        "properties": _properties(custom, rules),
        "page": {"url": text(event, "event_source_url"), "referrer": text(event, "referrer_url")},
        "limited_data_use": _is_limited(event) or None,
        "consent": "opt_out" if _is_opted_out(event) else None,
    }
    ties = tied([(TieKind.ORDER_ID, text(custom, "order_id"))])
    return event_reading(fields, ties, problems=problems)


def _refused(problem: Problem, name: str = "") -> Reading:
    return Reading(None, (problem,), name, "")


def _order_event_id(name: str, custom: Any, rules: Rules) -> str | None:
    is_purchase = canonical_name(name) == "Purchase"
    return purchase_id(rules, order_id=text(custom, "order_id")) if is_purchase else None


def _properties(custom: Any, rules: Rules) -> Node:
    contents = items_of(rows(custom, "contents"), lambda row: _content(row, rules))
    ids = at(custom, "content_ids")
    listed = ids if isinstance(ids, list) else [ids]
    if not contents:
        found = as_list(*(text({"id": each}, "id") for each in listed))
        about = {"content_name": text(custom, "content_name"), "content_category": text(custom, "content_category")}
        contents = [{"content_id": _item_id(each, rules), **(about if len(found) == 1 else {})} for each in found]
    return {
        "contents": contents,
        "content_type": first_text(text(custom, "content_type"), rules.catalogue.content_type if contents else None),
        "currency": text(custom, "currency"),
        "value": _money(at(custom, "value")),
        "num_items": amount(custom, "num_items"),
        "order_id": text(custom, "order_id"),
        "predicted_ltv": _money(at(custom, "predicted_ltv")),
        "search_string": text(custom, "search_string"),
        "query": text(custom, "search_string"),
        "status": text(custom, "status"),
        "delivery_category": text(custom, "delivery_category"),
    }


def _content(row: Node, rules: Rules) -> Node:
    return {
        "content_id": _item_id(text(row, "id"), rules),
        "content_name": first_text(text(row, "title"), text(row, "content_name")),
        "content_category": text(row, "category"),
        "brand": text(row, "brand"),
        "price": _money(row.get("item_price")),
        "quantity": amount(row, "quantity"),
    }


def _item_id(said: str | None, rules: Rules) -> str | None:
    """Return an item's id by the source's template, whose fields all mean Meta's one id."""
    return rules.catalogue.item_id(dict.fromkeys(("variant_id", "product_id", "sku"), said))


def _money(given: Any) -> float | None:
    """Return an amount, also as some shops write it.

    >>> _money("12,50"), _money("1.234,50"), _money("1,234.50"), _money("1,234"), _money("n/a")
    (12.5, 1234.5, 1234.5, 1234.0, None)
    """
    if isinstance(given, str):
        word = given.strip()
        given = word.replace(".", "").replace(",", ".") if _COMMA_DECIMAL(word) else word.replace(",", "")
    return amount({"value": given}, "value")


def _app_id(event: Node, rules: Rules) -> str | None:
    """Return the app's id: the settings', else of an Android app the package name that the event brings."""
    extinfo = at(event, "app_data", "extinfo")
    is_android = isinstance(extinfo, list) and len(extinfo) > 1 and extinfo[0] == "a2"
    package = text({"name": extinfo[1]}, "name") if isinstance(extinfo, list) and is_android else None
    return rules.options_as(MetaOptions).app_id or package


def _is_limited(event: Node) -> bool:
    asked = event.get("data_processing_options")
    words = asked if isinstance(asked, list) else [asked]
    return any(isinstance(word, str) and word.strip().upper() == "LDU" for word in words)


def _is_opted_out(event: Node) -> bool:
    return event.get("opt_out") in (True, 1, "true", "1")
