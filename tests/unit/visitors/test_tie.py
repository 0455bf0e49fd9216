"""Ties at rest are digests, in order of precedence."""

from __future__ import annotations

from fullcount.events.tie import Tie, TieKind
from fullcount.visitors.tie import digests_of, tie_digest


def test_the_most_specific_tie_comes_first() -> None:
    """A visitor's own id before tokens, those before an order, and what many may share last."""
    ties = [Tie(kind, "test") for kind in reversed(TieKind)]
    expected = [tie_digest(Tie(TieKind(kind), "test")) for kind in (
        "visitor", "checkout_token", "cart_token", "order_id", "client_id", "external_id", "email", "phone"
    )]  # fmt: skip
    assert digests_of(ties, 64) == expected
    assert digests_of(ties, 3) == expected[:3]


def test_an_empty_tie_ties_nothing() -> None:
    """Else all visitors without a cart would be one."""
    assert digests_of([Tie(TieKind.CART_TOKEN, ""), Tie(TieKind.CART_TOKEN, "")], 64) == []


def test_a_tie_of_any_text_has_a_digest() -> None:
    """A lone surrogate, as JSON may hold one, is no reason to fail."""
    assert len(tie_digest(Tie(TieKind.CLIENT_ID, "\ud800"))) == 16
