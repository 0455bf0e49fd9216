"""From Google's events to TikTok's: names, ids, items and people."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from fullcount.consent.signals import read_signals
from fullcount.events.names import canonical_name
from fullcount.events.reading import Reading
from fullcount.events.tie import Tie, TieKind
from fullcount.sources.bounded import bounded
from fullcount.sources.ga4.hit import Hit
from fullcount.sources.ga4.items import contents_of, currency_of, value_of
from fullcount.sources.ga4.names import APP_NAMES, NAMES, PURCHASE, REFUND
from fullcount.sources.ga4.options import Ga4Options
from fullcount.sources.ga4.user_data import person_of
from fullcount.sources.mapped import event_reading, mapped_name, purchase_id, tied, waiting_if_lost
from fullcount.sources.payload import Node, as_list, encode, first_text, text, without_gaps
from fullcount.sources.sender import Rules
from fullcount.sources.source import Refund


def name_of(hit: Hit, rules: Rules) -> str | None:
    """Return what the event is called at TikTok, or None if it is none there."""
    if hit.name == REFUND:
        return rules.names.get(REFUND, rules.refund_event) or None
    return mapped_name(rules, NAMES if hit.app_id is None else APP_NAMES, hit.name)


def reading_of(hit: Hit, name: str, rules: Rules, refund: Refund | None = None) -> Reading:
    """Return an event under its name at TikTok."""
    person, problems = person_of(hit.user_data, hit.location)
    fields: Node = {
        "event": name,
        "event_time": None if hit.moment is None else int(hit.moment),
        "consent": read_signals(hit.signals).word,
        "event_source": None if hit.app_id is None else "app",
        "user": {**person, **_identifiers(hit, rules)},
        "properties": _properties(hit, rules),
        "page": {"url": text(hit.params, "page_location"), "referrer": text(hit.params, "page_referrer")},
        "app": {"app_id": hit.app_id},
    }
    fields, cut = bounded(without_gaps(fields))
    event_id, is_private = _event_id(hit, name, rules, fields)
    if refund is not None:
        event_id, is_private = f"refund-{refund.refund_id}", False
    given, said = {**fields, "event_id": event_id}, (*problems, *cut)
    return waiting_if_lost(event_reading(given, _ties(hit), problems=said, is_id_private=is_private))


def _identifiers(hit: Hit, rules: Rules) -> Node:
    external_ids = as_list(text(hit.params, "tt_external_id"), hit.user_id)
    if not external_ids and rules.options_as(Ga4Options).client_id_as_external_id:
        external_ids = list(hit.client_ids[:1])
    return {
        "external_id": external_ids,
        "ttclid": hit.ttclid,
        "ttp": hit.ttp,
        "ip": hit.ip,
        "user_agent": hit.user_agent,
        "locale": hit.locale,
    }


def _properties(hit: Hit, rules: Rules) -> Node:
    contents = contents_of(hit.params, rules)
    content_type = first_text(text(hit.params, "tt_content_type"), rules.catalogue.content_type)
    return {
        "value": value_of(hit.params, rules),
        "currency": currency_of(hit.params),
        "contents": contents,
        "content_type": content_type if contents else None,
        "order_id": text(hit.params, "transaction_id"),
        "search_string": text(hit.params, "search_term"),
    }


def _event_id(hit: Hit, name: str, rules: Rules, fields: Node) -> tuple[str | None, bool]:
    """Return the event_id, and whether no browser's half can have the same.

    It is the shop's own, else the order's, else a digest that is the same each time this event is sent.
    """
    if given := text(hit.params, "event_id"):
        return given, False
    order_id = text(hit.params, "transaction_id")
    if canonical_name(name) == PURCHASE and (made := purchase_id(rules, order_id=order_id)):
        return made, False
    visitor = first_text(*hit.client_ids[:1], hit.user_id)
    if not hit.seed or visitor is None:
        return None, False
    session = first_text(text(hit.params, "session_id"), text(hit.params, "ga_session_id"))
    said = [visitor, session, hit.name, hit.seed, fields.get("properties"), fields.get("page")]
    return sha256(b"ga4\0" + encode(said)).hexdigest()[:32], True


def _ties(hit: Hit) -> Sequence[Tie]:
    clients = [(TieKind.CLIENT_ID, client_id) for client_id in hit.client_ids]
    return tied([(TieKind.ORDER_ID, text(hit.params, "transaction_id")), *clients])
