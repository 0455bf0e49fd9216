"""What ties events of one visitor together: a token, an order, a hashed address. Visitor memory is found by these."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class TieKind(StrEnum):
    """What sort of thing a tie is, the most specific first."""

    VISITOR = "visitor"  # our own first-party id
    CHECKOUT_TOKEN = "checkout_token"  # noqa: S105 - the name of a field
    CART_TOKEN = "cart_token"  # noqa: S105 - the name of a field
    ORDER_ID = "order_id"
    CLIENT_ID = "client_id"  # an analytics tool's id of a browser
    EXTERNAL_ID = "external_id"  # SHA-256 hex
    EMAIL = "email"  # SHA-256 hex
    PHONE = "phone"  # SHA-256 hex


class Tie(msgspec.Struct, frozen=True, gc=False):
    """One thing that two events of the same visitor have in common."""

    kind: TieKind
    value: str

    def __repr__(self) -> str:
        return f"Tie({self.kind.value}=…)"
