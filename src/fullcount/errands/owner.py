"""Whose errands they are: the sources whose senders fetch, with what they go by."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fullcount.config.rules import rules_of
from fullcount.config.settings import Settings
from fullcount.pipeline.terms import SourceTerms, terms_of
from fullcount.sources.fetching import Fetching
from fullcount.sources.registry import SENDERS
from fullcount.sources.sender import Rules


class Owner(msgspec.Struct, frozen=True):
    """One source whose notices are looked into."""

    sender: Fetching
    rules: Rules
    terms: SourceTerms


def owners_of(settings: Settings, started_at: float) -> Mapping[str, Owner]:
    """Return the owners of errands by their source's name; `started_at` (Unix seconds) opens the hour of test codes."""
    terms = terms_of(settings, started_at)
    owners: dict[str, Owner] = {}
    for source in settings.sources:
        sender: object = SENDERS.get(source.kind)
        if isinstance(sender, Fetching):
            owners[source.name] = Owner(sender, rules_of(source, settings), terms[source.name])
    return owners
