"""What can be set for a Segment or RudderStack source."""

from __future__ import annotations

from typing import Annotated

import msgspec

from fullcount.sources.sender import Options


class SegmentOptions(Options, frozen=True, kw_only=True):
    """The keys of `kind = "segment"` alone."""

    custom_events: bool = False  # track calls that mean nothing to TikTok go out too, under their own names
    max_event_bytes: Annotated[int, msgspec.Meta(ge=1_024)] = 4_194_304  # Segment itself takes 32,768, RudderStack this
    # Which of the consent manager's categories allow sending, whatever their case; C0004 is OneTrust's for advertising.
    consent_categories: tuple[str, ...] = ("Advertising", "Marketing", "Targeting", "C0004")
    api_host: str = (
        ""  # host and path that browsers are told to send to, such as "shop.example/cdp/v1"; nothing: as asked
    )
