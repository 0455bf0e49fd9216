"""The snippet for one source: parts in plain JavaScript, joined, minified, and told the source's settings.

A part that the settings do not need is left out. The minifier is `minify-go` (the binding of tdewolff/minify by its own
author, monthly releases): it renames local names, which the size budget needs and `rjsmin` (4.0 kB of a 3.3 kB result
in November 2026) and `minify-html` do not do; `esbuild-py` offers its minifier no switch.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import msgspec

from fullcount.browser.settings import PURCHASE, SnippetSettings
from fullcount.errors import ConfigError
from fullcount.events.names import ALIASES

MEDIA_TYPE = "text/javascript; charset=utf-8"
VERSION_LENGTH = 12

_SETTING = re.compile(r"\bsettings\.([a-z_]+)")
_PLAIN_KEY = re.compile(r'"([A-Za-z]\w*)":')
_ORDER_ID_TEMPLATE = "{order_id}"


class Script(msgspec.Struct, frozen=True):
    """A script as it is served, and how its copies are told apart."""

    text: bytes  # ASCII
    gzipped: bytes  # the same, as browsers fetch it
    etag: str  # weak and with its quotes: it stands for both of them
    integrity: str  # for <script integrity>
    version: str  # 12 hex digits for an address that never changes its content


@lru_cache(maxsize=256)
def render(settings: SnippetSettings) -> Script:
    """Return the script; the same settings give the same bytes."""
    values = _values(settings)

    def write(found: re.Match[str]) -> str:
        return _literal(values[found[1]])

    text = _SETTING.sub(write, _minified(_parts(settings))).encode("ascii")
    digest = hashlib.sha256(text).hexdigest()
    integrity = base64.b64encode(hashlib.sha384(text).digest()).decode()
    packed = gzip.compress(text, 9, mtime=0)
    return Script(text, packed, f'W/"{digest[:32]}"', f"sha384-{integrity}", digest[:VERSION_LENGTH])


def _parts(settings: SnippetSettings) -> tuple[str, ...]:
    is_plain = settings.template == _ORDER_ID_TEMPLATE and not set(settings.merge) - {PURCHASE}
    return (
        *("ground", "consent", "pixel"),
        "pixel_calls" if "pixel" in settings.capture else "own_calls",
        *("events", "order_id" if is_plain else "template", "transport"),
        *(("consent_tools", *settings.consent_tools) if settings.consent_tools else ()),
        *(each for each in ("data_layer", "attributes") if each in settings.capture),
        *(("pages",) if settings.pages else ()),
        "start",
    )


def _values(settings: SnippetSettings) -> dict[str, Any]:
    """Return what stands for each `settings.NAME` in the parts."""
    prefix, _, rest = settings.content_id.partition("{")
    names = settings.names if "data_layer" in settings.capture else ()
    spelled = {PURCHASE: settings.purchase_name, "Lead": settings.lead_name}
    return {
        "click_days": settings.click_days,
        "content_type": settings.content_type,
        "cookie": settings.cookie,
        "endpoint": settings.endpoint,
        "failure": None if settings.pixel else "absent",
        "item_prefix": prefix,
        "item_suffix": rest.rpartition("}")[2],
        "key": settings.key,
        "least": int(settings.hold_consent),  # words above it may be told
        "merge": sorted({PURCHASE, *settings.merge}),
        "names": {**ALIASES, **dict(names)},
        "pixel": settings.pixel,
        "spelled": {name: word for name, word in spelled.items() if name != word},
        "template": settings.template,
        "unsaid": 1 if settings.hold_consent else 9,  # the word for silence
    }


def _literal(value: Any) -> str:
    """Return JSON that is also an expression, in ASCII, and that ends no script element it might stand in."""
    text = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    return "(" + _PLAIN_KEY.sub(r"\1:", text) + ")" if isinstance(value, dict) else text


@cache
def _minified(parts: tuple[str, ...]) -> str:
    try:
        import minify  # type: ignore[import-untyped]  # noqa: PLC0415 - it has no types; it loads Go's runtime, which only a gateway with pages needs
    except ImportError:
        raise ConfigError("the snippet cannot be minified", fix="pip install 'fullcount[gateway]'") from None
    body = "\n".join(_read(part) for part in parts)
    text: str = minify.string("application/javascript", _read("frame").replace("PARTS;", body))
    return text.rstrip(";")


def _read(part: str) -> str:
    return resources.files("fullcount.browser").joinpath("parts", f"{part}.js").read_text(encoding="utf-8")
