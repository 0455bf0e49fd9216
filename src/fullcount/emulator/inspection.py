"""Looks at each copy that was taken and notes what Events Manager would complain about."""

from __future__ import annotations

import msgspec

from fullcount.emulator.complaints import (
    INVALID_NAME,
    MISSING_EVENT_ID,
    NAME_CASE,
    NAME_MISMATCH,
    OFFLINE_CUSTOM_NAME,
    RESERVED_NAME,
    REUSED_EVENT_ID,
    UNSHARED_EVENT_ID,
    Complaint,
)
from fullcount.emulator.counting import Book, Counted, Verdict
from fullcount.emulator.findings import Findings
from fullcount.emulator.names import OTHER_SPELLING, Standing
from fullcount.emulator.people import KnownPeople
from fullcount.emulator.property_checks import property_complaints
from fullcount.emulator.submission import Copy
from fullcount.emulator.user_checks import pixel_user_complaints, user_complaints

_NAMES_WATCHED = 10_000


class _Traffic(msgspec.Struct):
    """What has been seen of one event name on one pixel."""

    came_from_pixel: bool = False
    came_from_server: bool = False
    lacked_id: bool = False  # on a server's copy


class Inspector:
    """Notes complaints about copies; it changes nothing else."""

    def __init__(self, book: Book, findings: Findings) -> None:
        self._book = book
        self._findings = findings
        self._traffic: dict[tuple[str, str], _Traffic] = {}
        self.people = KnownPeople()

    def inspect(self, copy: Copy, standing: Standing, verdict: Verdict, first: Counted | None) -> None:
        """Look at one copy; `first` is the event that it was counted with."""
        if standing.is_custom:
            self._check_name(copy, standing)
        if verdict not in (Verdict.TEST, Verdict.DROPPED):
            self._check_sharing(copy, first)
        if copy.channel == "server":
            for complaint, detail in user_complaints(copy, self.people):
                self._note(copy, complaint, detail)
            for complaint, detail in property_complaints(copy):
                self._note(copy, complaint, detail)
            if not copy.event_id and copy.event_source in ("web", "crm"):
                self._note(copy, MISSING_EVENT_ID)
        else:
            for complaint, detail in pixel_user_complaints(copy, self.people):
                self._note(copy, complaint, detail)

    def _note(self, copy: Copy, complaint: Complaint, detail: str = "") -> None:
        self._findings.note(
            complaint, pixel_code=copy.pixel_code, event=copy.event, event_id=copy.event_id, detail=detail
        )

    def _check_name(self, copy: Copy, standing: Standing) -> None:
        if standing.dropped_because:
            self._note(copy, RESERVED_NAME if standing.dropped_because == "reserved" else INVALID_NAME)
        elif standing.standard_twin:
            self._note(copy, NAME_CASE, f"the standard name is {standing.standard_twin}")
        elif copy.event_source == "offline":
            self._note(copy, OFFLINE_CUSTOM_NAME)

    def _check_sharing(self, copy: Copy, first: Counted | None) -> None:
        """What goes wrong between browser and server, or between two copies."""
        if self._is_unshared(copy):
            self._note(copy, UNSHARED_EVENT_ID)
        if not copy.event_id or first is None:
            return
        if first.copies > 1:
            self._check_orders(copy, first)
        other = OTHER_SPELLING.get(copy.event)
        if other is not None and self._book.find(copy.pixel_code, other, copy.event_id, copy.at) not in (None, first):
            self._note(copy, NAME_MISMATCH, f"{copy.event} and {other} came with the same event_id")

    def _is_unshared(self, copy: Copy) -> bool:
        """Say whether browser and server both send this event, and one of them without an event_id."""
        key = (copy.pixel_code, copy.counted_as)
        traffic = self._traffic.get(key)
        if traffic is None:
            if len(self._traffic) >= _NAMES_WATCHED:
                return False
            traffic = self._traffic[key] = _Traffic()
        if copy.channel == "pixel":
            is_first_of_pixel = not traffic.came_from_pixel
            traffic.came_from_pixel = True
            return traffic.came_from_server and (not copy.event_id or (is_first_of_pixel and traffic.lacked_id))
        traffic.came_from_server = True
        traffic.lacked_id = traffic.lacked_id or not copy.event_id
        return traffic.came_from_pixel and not copy.event_id

    def _check_orders(self, copy: Copy, first: Counted) -> None:
        order_id, value = copy.properties.get("order_id"), copy.properties.get("value")
        if order_id and first.order_id:
            if order_id != first.order_id:
                self._note(copy, REUSED_EVENT_ID, "the same event_id came with another order_id")
        elif value is not None and first.value is not None and value != first.value:
            self._note(copy, REUSED_EVENT_ID, "the same event_id came with another value")
