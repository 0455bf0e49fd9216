"""What can be set for a source of Meta's Conversions API."""

from __future__ import annotations

from fullcount.sources.sender import Options


class MetaOptions(Options, frozen=True, kw_only=True):
    """The keys of `kind = "meta"` alone."""

    dataset_id: str = ""  # the pixel's or dataset's id at Meta, which the address must then name; nothing: any
    app_id: str = ""  # of app events: the App Store id without letters, or the package name; nothing: as the event says
