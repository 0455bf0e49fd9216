"""What an order or checkout tells of its visit: the landing page, and by what its visitor is known later."""

from __future__ import annotations

from fullcount.events.model import Page
from fullcount.events.reading import Reading
from fullcount.events.tie import Tie, TieKind
from fullcount.sources.carried import Visit, named_values
from fullcount.sources.mapped import tied
from fullcount.sources.payload import Node, first_text, moment, plain_id, text
from fullcount.sources.source import Sighting

_TELLING = ("email", "phone", "external_id", "ttclid", "ttp", "ip", "user_agent")


def attributes_of(body: Node) -> dict[str, str]:
    """Return the cart attributes, which webhooks list under note_attributes."""
    return named_values(body, "note_attributes", key="name")


def page_of(body: Node, domain: str | None) -> Node:
    """Return the `page`: the landing page if the shop's own domain is known, else where the order's status page is.

    The status page's address ends before the order's token, which opens it.
    """
    shop = f"https://{domain}/" if domain else None
    status = _public(text(body, "order_status_url")) or _public(text(body, "abandoned_checkout_url"))
    return {"url": first_text(landing_page(body, domain), shop, status), "referrer": text(body, "referring_site")}


def landing_page(body: Node, domain: str | None) -> str | None:
    """Return the address of the visit's first page, of which Shopify tells only the path; None without a domain."""
    landing = text(body, "landing_site")
    if landing is None or landing.startswith(("https://", "http://")):
        return landing
    return f"https://{domain}/{landing.lstrip('/')}" if domain else None


def _public(url: str | None) -> str | None:
    """Return an address without its query, and without what follows /orders or /checkouts.

    >>> _public("https://shop.example.com/900001/orders/8407294f/authenticate?key=secret")
    'https://shop.example.com/900001/orders'
    """
    if url is None or not url.startswith(("https://", "http://")):
        return None
    bare = url.partition("?")[0].partition("#")[0]
    for part in ("/orders/", "/checkouts/"):
        head, found, _ = bare.partition(part)
        if found:
            return head + part.rstrip("/")
    return bare


def ties_of(body: Node, visit: Visit, **known: str | None) -> tuple[Tie, ...]:
    """Return by what visitor memory may know this visitor; `known` are ties by their kind, such as order_id."""
    pairs = [(TieKind.VISITOR, visit.visitor), (TieKind.CART_TOKEN, plain_id(body, "cart_token"))]
    return tied([*pairs, *((TieKind(kind), value) for kind, value in known.items())])


def sightings_of(reading: Reading, body: Node, domain: str | None) -> tuple[Sighting, ...]:
    """Return what the request tells of its visitor for later events; nothing if it tells nothing."""
    event = reading.event
    if event is None or not reading.ties:
        return ()
    if not event.consent and not any(getattr(event.user, name) for name in _TELLING):
        return ()
    page = Page(url=landing_page(body, domain), referrer=event.page.referrer)
    return (Sighting(reading.ties, event.user, page, event.consent, moment(body, "created_at")),)
