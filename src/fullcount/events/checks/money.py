"""What the event was worth: value and currency."""

from __future__ import annotations

from msgspec.structs import replace

from fullcount.events.checks.rules import CheckRules
from fullcount.events.coercion import LARGEST_NUMBER, storable_number
from fullcount.events.model import Event, Properties
from fullcount.events.names import canonical_name
from fullcount.events.problem_list import ProblemList

# The 62 that TikTok lists (its SDK and portal, September 2025).
CURRENCIES = frozenset(
    "AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR ISK"  # noqa: SIM905 - a table of codes is read as words
    " JPY KES KHR KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY"
    " TWD UAH USD VES VND ZAR".split()
)
# ISO 4217: no minor unit, so an amount has no decimals.
ZERO_DECIMAL = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)


def check_money(event: Event, _rules: CheckRules, _now: float, problems: ProblemList) -> Event:
    """Check value and currency: a negative value is fatal, an unusable one is dropped, codes become upper case."""
    given = event.properties
    value, currency = given.value, given.currency
    if value is not None:
        if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            value = storable_number(value, "properties.value", problems)
        elif value < 0:
            fix = "leave refunds out: TikTok has no event for them"
            problems.refuse("properties.value", "value_negative", "the value is negative", fix)
    if currency and currency not in CURRENCIES:
        currency = _known_currency(currency, problems)
    if value is None or not currency:
        _say_what_is_missing(event, value is None, not currency, problems)
    elif currency in ZERO_DECIMAL and value != int(value):
        reason = f"{currency} has no decimals, and the value has some"
        problems.warn("properties.value", "value_fraction", reason, f"send whole {currency}")
    if given.predicted_ltv is not None or given.num_items is not None:
        given = _with_sound_counts(given, problems)
    if value is not given.value or currency is not given.currency:
        given = replace(given, value=value, currency=currency)
    return event if given is event.properties else replace(event, properties=given)


def _known_currency(given: str, problems: ProblemList) -> str | None:
    code = given.strip().upper()
    if code in CURRENCIES:
        problems.warn("properties.currency", "currency_case", "read as upper case", f"send {code}")
        return code
    fix = "send an ISO 4217 code that TikTok lists, e.g. USD"
    if len(code) == 3 and code.isascii() and code.isalpha():
        problems.warn("properties.currency", "currency_unlisted", "TikTok does not list this currency", fix)
        return given if given == code else code
    problems.drop("properties.currency", "currency_invalid", "the currency is not a code of three letters", fix)
    return None


def _say_what_is_missing(event: Event, no_value: bool, no_currency: bool, problems: ProblemList) -> None:  # noqa: FBT001 - two problems of the caller
    is_purchase = canonical_name(event.event) == "Purchase"
    if no_value and is_purchase:
        fix = "send the order's total as properties.value"
        problems.warn("properties.value", "value_missing", "a purchase without its value cannot count as revenue", fix)
    if no_currency and (is_purchase or not no_value):
        fix = "send an ISO 4217 code, e.g. USD"
        problems.warn("properties.currency", "currency_missing", "a value needs its currency", fix)


def _with_sound_counts(given: Properties, problems: ProblemList) -> Properties:
    changes: dict[str, None] = {}
    for name in ("predicted_ltv", "num_items"):
        number = getattr(given, name)
        if number is not None and not 0 <= number <= LARGEST_NUMBER:
            fix = "leave the field out if unknown"
            problems.drop(f"properties.{name}", "number_invalid", "the number is negative, infinite or too large", fix)
            changes[name] = None
    return replace(given, **changes) if changes else given
