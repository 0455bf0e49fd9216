"""Limited data use: what is left of an event that its visitor allows no more of."""

from __future__ import annotations

import msgspec

from fullcount.events.hashed import HashedEvent


def limited(event: HashedEvent) -> HashedEvent:
    """Return the event under limited data use: without what is sent hashed, device ids and keys that nobody lists."""
    user = msgspec.structs.replace(
        event.user,
        email=None,
        phone=None,
        external_id=None,
        first_name=None,
        last_name=None,
        zip_code=None,
        idfa=None,
        idfv=None,
        gaid=None,
        extra=None,
    )
    return msgspec.structs.replace(event, user=user, limited_data_use=True)
