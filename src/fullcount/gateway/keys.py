"""Whose key is this? Compared in constant time, so that an answer's speed tells nothing of any source's key."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from hmac import compare_digest

from fullcount.config.crosscheck import keys_of_source
from fullcount.config.settings import Source
from fullcount.pipeline.terms import SourceTerms


class Keyring:
    """All keys of all sources; a source may have several while one is being changed."""

    def __init__(self, sources: Iterable[Source], terms: Mapping[str, SourceTerms]) -> None:
        self._salted = blake2b(digest_size=32, key=secrets.token_bytes(32))
        self._known = tuple(
            (self._digest(key.encode()), terms[source.name]) for source in sources for key in keys_of_source(source)
        )

    def __repr__(self) -> str:
        return f"Keyring({len(self._known)} keys)"

    def find(self, presented: bytes) -> SourceTerms | None:
        """Return the terms of the source whose key this is; every known key is compared, whichever fits."""
        digest = self._digest(presented)
        found = None
        for known, terms in self._known:
            if compare_digest(known, digest):
                found = terms
        return found

    def _digest(self, key: bytes) -> bytes:
        """Return 32 bytes of any key, so that lengths do not show either."""
        salted = self._salted.copy()  # cheaper than taking in the salt again
        salted.update(key)
        return salted.digest()
