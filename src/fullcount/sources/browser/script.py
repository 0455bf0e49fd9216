"""Handing out the snippet: for an hour at its plain address, for ever at the one that names its content."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fullcount.browser.data_layer import DATA_LAYER_NAMES
from fullcount.browser.settings import PURCHASE, SnippetSettings
from fullcount.browser.snippet import MEDIA_TYPE, Script, render
from fullcount.events.names import canonical_name
from fullcount.sources.browser.options import BrowserOptions
from fullcount.sources.payload import is_key
from fullcount.sources.reply import Headers, Reply
from fullcount.sources.sender import PixelNames, Rules
from fullcount.sources.source import RawRequest

PLAIN = "/fc.js"
HASHED = r"/fc\.[0-9a-f]{12}\.js"
METHODS = frozenset({"GET", "HEAD"})
_VERSION = re.compile(r".*/fc\.([0-9a-f]{12})\.js")
_AN_HOUR, _FOR_EVER = b"public, max-age=3600", b"public, max-age=31536000, immutable"
# Any page may load it, also one that checks its integrity, which needs a script from elsewhere to be readable.
_FOR_ANYBODY: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
_UNKNOWN = b"/* no source has this key: compare it with the key of your [[sources]] table of the kind browser */\n"


def script_reply(request: RawRequest, known: Sequence[Rules]) -> Reply | None:
    """Return the snippet of the source whose key the address has; None if another thing is asked for."""
    version = _VERSION.fullmatch(request.path)
    if request.method not in METHODS or not (version or request.path.endswith(PLAIN)):
        return None
    key = request.parameters().get("key")
    rules = next((each for each in known if is_key(key, each.keys)), None)
    if rules is None or key is None:
        return Reply(404, _UNKNOWN, ((b"cache-control", b"no-store"), *_FOR_ANYBODY), MEDIA_TYPE.encode())
    script = render(settings_of(rules, key))
    # An address of an older snippet gets today's, which a page that names its integrity does not run.
    is_for_ever = version is not None and version[1] == script.version
    headers: Headers = (
        (b"etag", script.etag.encode()),
        (b"cache-control", _FOR_EVER if is_for_ever else _AN_HOUR),
        (b"vary", b"Accept-Encoding"),
        *_FOR_ANYBODY,
    )
    if _is_known(request.header("if-none-match"), script.etag):
        return Reply(304, b"", headers, b"")
    if takes_gzip(request.header("accept-encoding")):
        return Reply(200, script.gzipped, (*headers, (b"content-encoding", b"gzip")), MEDIA_TYPE.encode())
    return Reply(200, script.text, headers, MEDIA_TYPE.encode())


def settings_of(rules: Rules, key: str) -> SnippetSettings:
    """Return what the snippet of a source is told; the same as the source itself goes by."""
    options = rules.options_as(BrowserOptions)
    pixel = next((each for each in rules.pixels if each.has_snippet), None)
    names = pixel or next(iter(rules.pixels), PixelNames(""))
    merged = {canonical_name(name) for each in rules.pixels for name in each.merge_events}
    listed = {**dict(DATA_LAYER_NAMES), **rules.names}
    return SnippetSettings(
        key=key,
        endpoint="e",
        template=rules.id_template or SnippetSettings(key=key).template,
        merge=tuple(sorted({PURCHASE, *merged})),
        content_id=rules.catalogue.content_id,
        content_type=rules.catalogue.content_type,
        names=tuple((said, name) for said, name in listed.items() if name),
        capture=options.capture,
        consent_tools=options.consent_tools,
        pages=options.view_pages,
        pixel="" if pixel is None else pixel.code,
        purchase_name=names.purchase_name,
        lead_name=names.lead_name,
        click_days=options.click_days,
        cookie=options.cookie,
        hold_consent=options.hold_consent,
    )


def tags_of(rules: Rules) -> tuple[str, str]:
    """Return the line to paste: the one that follows the settings, and the one whose content never changes."""
    key = rules.keys[0]
    script = render(settings_of(rules, key))
    plain = f'<script async src="{rules.prefix}/fc.js?key={key}"></script>'
    return plain, _hashed_tag(rules.prefix, key, script)


def _hashed_tag(prefix: str, key: str, script: Script) -> str:
    address = f"{prefix}/fc.{script.version}.js?key={key}"
    return f'<script async src="{address}" integrity="{script.integrity}" crossorigin></script>'


def _is_known(shown: str, etag: str) -> bool:
    """Say whether If-None-Match names the content, or any."""
    tags = {each.strip().removeprefix("W/") for each in shown.split(",")}
    return not tags.isdisjoint(("*", etag.removeprefix("W/")))


def takes_gzip(accepted: str) -> bool:
    """Return whether an Accept-Encoding takes gzip.

    >>> takes_gzip("gzip, deflate, br"), takes_gzip("br;q=1.0, gzip;q=0.5"), takes_gzip("gzip;q=0, *"), takes_gzip("")
    (True, True, False, False)
    """
    for each in accepted.lower().split(","):
        coding, _, quality = each.partition(";")
        if coding.strip() == "gzip":
            return re.fullmatch(r"\s*q=0(\.0{0,3})?\s*", quality) is None
    return False
