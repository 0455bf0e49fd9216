"""Our own key of an event at one pixel: what dedupe, merge and pairing go by."""

from __future__ import annotations

from hashlib import blake2b

from fullcount.events.model import EventSource

_blank = blake2b(digest_size=16)  # copying it takes half the time of making one with a size of digest


def event_key(
    pixel_code: str, event_source: EventSource, test_event_code: str | None, canonical: str, event_id: str
) -> bytes:
    """Return 16 bytes that stand for (pixel, event source, test code, canonical name, event_id).

    The canonical name makes CompletePayment and Purchase of one order one event.

    >>> a = event_key("CEXAMPLE0PIXEL000001", EventSource.WEB, None, "Purchase", "order-1")
    >>> a == event_key("CEXAMPLE0PIXEL000001", EventSource.WEB, None, "Purchase", "order-1"), len(a)
    (True, 16)
    """
    # The unit separator cannot make two different tuples equal as the id, which may hold anything, stands last.
    text = f"{pixel_code}\x1f{event_source}\x1f{test_event_code or ''}\x1f{canonical}\x1f{event_id}"
    state = _blank.copy()
    state.update(text.encode("utf-8", "surrogatepass"))
    return state.digest()
