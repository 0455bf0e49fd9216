"""What can be set for a source of Google's formats, and the paths that its senders call."""

from __future__ import annotations

from fullcount.sources.sender import Options

MEASUREMENT_PATH = "/mp/collect"
VALIDATION_PATH = "/debug/mp/collect"
COLLECT_PATH = "/g/collect"
DATA_PATH = "/data"


class Ga4Options(Options, frozen=True, kw_only=True):
    """What can be set for Google's tags and servers."""

    measurement_id: str | None = None  # the G-... id; without it /g/collect is shut, and /mp/collect asks for none
    origins: tuple[str, ...] = ()  # hosts whose pages may call /g/collect and /data, with all below them; none: any
    strict_secret: bool = True  # a wrong api_secret is answered 401; else 204, as Google does, and nothing is stored
    client_id_as_external_id: bool = False  # of events without a user_id; the pixel must then send the client id too
    debug_test_code: str | None = None  # TikTok's test code for what Google's debug mode marks; nothing: like the rest
