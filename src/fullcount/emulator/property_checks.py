"""What is wrong with the order of an event: value, currency, items; and with its time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fullcount.clock import DAY_SECONDS
from fullcount.emulator import complaints
from fullcount.emulator.complaints import Complaint
from fullcount.emulator.submission import Copy

Complained = tuple[Complaint, str]

_FUTURE_SECONDS = 600
_TOLERANCE = 0.011

_LISTED = """
    AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR ISK
    JPY KES KHR KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY
    TWD UAH USD VES VND ZAR
"""
CURRENCIES = frozenset(_LISTED.split())


def property_complaints(copy: Copy) -> Iterator[Complained]:
    """Yield what is wrong with the `properties` and the `event_time` of a server's copy."""
    if copy.time_was_text or not -_FUTURE_SECONDS <= copy.at - copy.event_time <= 7 * DAY_SECONDS:
        yield from _time_complaints(copy)
    properties = copy.properties
    if copy.counted_as == "Purchase":
        if properties.get("value") in (None, ""):
            yield complaints.MISSING_VALUE, ""
        if not properties.get("currency"):
            yield complaints.MISSING_CURRENCY, ""
    if not properties:
        return
    yield from _money_complaints(properties)
    contents = properties.get("contents")
    if contents:
        yield from _content_complaints(properties, contents)
    elif properties.get("content_ids") and not properties.get("content_type"):
        yield complaints.MISSING_CONTENT_TYPE, ""
    if properties.get("content_type") not in (None, "", "product", "product_group"):
        yield complaints.UNKNOWN_CONTENT_TYPE, ""


def _money_complaints(properties: dict[str, Any]) -> Iterator[Complained]:
    currency = properties.get("currency")
    if currency and currency not in CURRENCIES:
        is_listed = currency.upper() in CURRENCIES
        yield complaints.CURRENCY_CASE if is_listed else complaints.UNLISTED_CURRENCY, ""
    value = properties.get("value")
    if type(value) is str and value:
        yield complaints.NUMERIC_TEXT, "properties.value"
    if value and float(value) < 0:
        yield complaints.NEGATIVE_VALUE, ""


def _content_complaints(properties: dict[str, Any], contents: list[Any]) -> Iterator[Complained]:
    total = 0.0
    is_priced = True
    has_type = bool(properties.get("content_type"))
    for item in contents:
        if not item:
            continue
        if not item.get("content_id"):
            yield complaints.MISSING_CONTENT_ID, ""
        has_type = has_type or bool(item.get("content_type"))
        price, quantity = item.get("price"), item.get("quantity", 1)
        for name, given in (("price", price), ("quantity", quantity)):
            if type(given) is str and given:
                yield complaints.NUMERIC_TEXT, f"properties.contents.{name}"
        if price in (None, ""):
            is_priced = False
        else:
            total += float(price) * float(quantity or 1)
    if not has_type:
        yield complaints.MISSING_CONTENT_TYPE, ""
    value = properties.get("value")
    if is_priced and value not in (None, "") and abs(float(value) - total) > _TOLERANCE:
        yield complaints.VALUE_MISMATCH, ""


def _time_complaints(copy: Copy) -> Iterator[Complained]:
    if copy.time_was_text:
        yield complaints.NUMERIC_TEXT, "event_time"
    age = copy.at - copy.event_time
    if age > 28 * DAY_SECONDS:
        yield complaints.TOO_OLD, ""
    elif age > 7 * DAY_SECONDS:
        yield complaints.OLD, ""
    elif age < -_FUTURE_SECONDS:
        yield complaints.FUTURE, ""
