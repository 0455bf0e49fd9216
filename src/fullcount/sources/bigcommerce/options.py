"""What can be set for a BigCommerce shop alone."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from fullcount.events.model import names_only
from fullcount.sources.sender import Options, SecretLine

_HASH = re.compile(r"[A-Za-z0-9]{1,64}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")


class BigCommerceOptions(Options, frozen=True, kw_only=True):
    """What can be set for a BigCommerce shop."""

    header: str = ""  # the custom header that was given to the webhook, with the key as its value
    api_token: SecretLine = ""  # of an API account that may read orders (and customers, for registrations)
    store_hash: str = ""  # what stands after "stores/" in the API path
    api_base_url: str = "https://api.bigcommerce.com"
    paid_statuses: tuple[int, ...] = (2, 3, 8, 9, 10, 11)  # shipped to awaiting fulfilment; add 7 for pay later
    carts: bool = False  # an item put into a cart is an AddToCart, if visitor memory knows whose
    registrations: bool = False  # a new customer is a CompleteRegistration; shops also make customers by themselves
    shop_url: str = ""  # https://shop.example: a page for orders, which name none
    tolerance_seconds: Annotated[int, msgspec.Meta(ge=0)] = 300  # how far a signature's time may be off; 0: any time

    @property
    def can_fetch(self) -> bool:
        """Whether the shop's API can be asked."""
        return bool(self.api_token and self.store_hash)

    __repr__ = names_only


def misfit(options: BigCommerceOptions) -> str | None:
    """Return what is wrong with these options, with the fix; None if they fit.

    >>> misfit(BigCommerceOptions(api_base_url="http://api.example.com"))
    'api_base_url would send the API token unencrypted. Fix: write it with https://, without a path'
    """
    if options.header and not _HEADER.fullmatch(options.header):
        return 'header is no name of a header. Fix: letters, digits and - only, such as "X-Fullcount-Key"'
    if options.store_hash and not _HASH.fullmatch(options.store_hash):
        return 'store_hash is no store\'s. Fix: copy what stands after "stores/" in the API path'
    if bool(options.api_token) != bool(options.store_hash):
        return "an order is fetched with both api_token and store_hash. Fix: set both, or none if it comes in the body"
    if not _is_safe(options.api_base_url):
        return "api_base_url would send the API token unencrypted. Fix: write it with https://, without a path"
    return None


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not url.isprintable() or not host or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
