"""What a request's calls tell of visitors, put together for each of them: one sighting a visitor, not one a call."""

from __future__ import annotations

from fullcount.consent.decision import Signal, read_signal, stricter
from fullcount.events.reading import read_event
from fullcount.events.tie import Tie
from fullcount.sources.payload import Node, without_gaps
from fullcount.sources.segment.calls import Call
from fullcount.sources.segment.person import ties_of
from fullcount.sources.source import Sighting

_Visitor = tuple[tuple[Tie, ...], tuple[str, ...]]
_ALLOWING = frozenset({Signal.UNKNOWN, Signal.GRANTED})
_TOLD = ("email", "phone", "ttclid", "ttp", "ip", "user_agent", "first_name")


class Sightings:
    """Sightings by visitor: what a later call says comes before what an earlier one said."""

    def __init__(self) -> None:
        self._by_visitor: dict[_Visitor, tuple[Node, Node, str | None, float | None]] = {}

    def add(self, call: Call, user: Node, page: Node, consent: str | None) -> None:
        """Note what one call tells, if it tells more than that somebody was there."""
        ties = ties_of(call)
        ids = tuple(user.get("external_id") or ())
        user, page = without_gaps(user), without_gaps(page)
        is_telling = consent is not None or any(user.get(key) for key in _TOLD) or "ttclid=" in page.get("url", "")
        if not (ties or ids) or not (is_telling or call.kind in ("identify", "alias")):
            return
        known_user, known_page, known_consent, _ = self._by_visitor.get((ties, ids), ({}, {}, None, None))
        is_landing = "ttclid=" in page.get("url", "") or not known_page
        self._by_visitor[ties, ids] = (
            {**known_user, **user},
            page if is_landing else known_page,
            stricter(known_consent, consent),
            call.at,
        )

    def listed(self) -> tuple[Sighting, ...]:
        """Return one sighting for each visitor."""
        found = []
        for (ties, _), (user, page, consent, seen_at) in self._by_visitor.items():
            told: Node = {"user": user, "page": page}
            if read_signal(consent) not in _ALLOWING:
                # The refusal is remembered, and of the visitor only what it is found by.
                told = {"user": {"external_id": user.get("external_id")}}
            event = read_event({"event": "Pageview", **told}).event
            if event is not None:
                found.append(Sighting(ties, event.user, event.page, consent, seen_at))
        return tuple(found)
