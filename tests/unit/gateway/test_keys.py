"""Keys open their own source and tell nothing of others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fullcount.config.settings import Pixel, Settings, Source
from fullcount.gateway.keys import Keyring
from fullcount.pipeline.terms import terms_of

SETTINGS = Settings(
    pixels=(Pixel(name="store", code="CEXAMPLE0PIXEL000001", access_token="test-token"),),
    sources=(
        Source(name="backend", key=("test-key-old", "test-key-new"), pixels=("store",)),
        Source(name="café", key="test-key-café", pixels=("store",)),
    ),
)
KEYRING = Keyring(SETTINGS.sources, terms_of(SETTINGS, 0.0))


def test_each_key_opens_its_source() -> None:
    """One key or several, of any letters, lead to their source."""
    names = {}
    for key in ("test-key-old", "test-key-new", "test-key-café"):
        found = KEYRING.find(key.encode())
        names[key] = found and found.name

    assert names == {"test-key-old": "backend", "test-key-new": "backend", "test-key-café": "café"}


@given(st.binary(max_size=40))
def test_nothing_else_opens(presented: bytes) -> None:
    """Any other bytes are nobody's key."""
    is_key = presented in {b"test-key-old", b"test-key-new", "test-key-café".encode()}

    assert (KEYRING.find(presented) is not None) == is_key


def test_a_keyring_shows_no_key() -> None:
    """Neither its repr nor what it remembers holds a key in the clear."""
    assert "test-key" not in repr(KEYRING) + repr(vars(KEYRING))
