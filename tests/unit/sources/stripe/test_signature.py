"""Stripe's signature: which header is authentic, and for how long."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.sources.fixtures import NOW, fixtures
from tests.unit.sources.stripe.events import (
    SECRET,
    header,
    recorded,
)

from fullcount.sources.sender import Rules
from fullcount.sources.source import RawRequest
from fullcount.sources.stripe.options import StripeOptions
from fullcount.sources.stripe.sender import Stripe

STRIPE = Stripe()


def test_every_recorded_event_is_authentic_at_its_time() -> None:
    """All nine fixtures carry a signature that fits the endpoint's secret."""
    assert len(fixtures("stripe/")) == 9
    assert all(recorded(each).is_authentic for each in fixtures("stripe/"))


def admits(head: str, *keys: str, now: float = NOW, body: bytes = b"{}", **options: Any) -> bool:
    """Say whether a delivery with this header is authentic."""
    rules = Rules(name="pay", keys=keys or (SECRET,), options=StripeOptions(**options))
    return STRIPE.admits(RawRequest(body=body, headers={"stripe-signature": head}, received_at=now), rules)


def test_one_right_signature_under_one_key_is_enough() -> None:
    """While a secret is rolled Stripe signs with both, and either may be known here; v0 counts for nothing."""
    right, wrong = header(b"{}").partition(",v1=")[2], "0" * 64
    at = int(NOW)

    assert admits(f"t={at},v1={right}")
    assert admits(f"t={at}, v1={wrong}, v1={right}, v0={wrong}")
    assert admits(f"t={at},v1={right}", "whsec_test_other", SECRET)
    assert not admits(f"t={at},v1={wrong}")
    assert not admits(f"t={at},v0={right}")
    assert not admits(f"t={at},v1={right}", "whsec_test_other")
    assert not admits(f"t={at},v1={right}", SECRET.removeprefix("whsec_")), "the key is the whole secret"
    assert not admits(f"t={at},v1={right}", body=b"{} ")
    assert not admits(header(b"{}", secret=""), ""), "an empty key signs nothing"


def test_only_what_is_too_old_is_refused() -> None:
    """300 seconds by default, as Stripe's own library; a clock that is behind does no harm; 0 takes any age."""
    head = header(b"{}")

    assert admits(head, now=NOW + 300)
    assert not admits(head, now=NOW + 301)
    assert admits(head, now=NOW - 86_400)
    assert admits(head, now=NOW + 3_000, tolerance_seconds=3_600)
    assert admits(head, now=NOW + 1e9, tolerance_seconds=0)


@pytest.mark.parametrize(
    "head", ["", "t=,v1=", "t=abc,v1=00", "v1=00", "t=1", "=,=,", "t=-5,v1=0", "t=" + "9" * 5_000, "t=²,v1=0"]
)
def test_what_is_no_signature_is_not_authentic(head: str) -> None:
    """Whatever stands in the header, it is refused and nothing breaks."""
    assert not admits(head)
