"""The snippet as it is served: small, the same for the same settings, and safe to stand in a page."""

from __future__ import annotations

import base64
import gzip
import hashlib
from typing import Any

import msgspec
import pytest

from fullcount.browser.data_layer import DATA_LAYER_NAMES
from fullcount.browser.settings import CAPTURES, CONSENT_TOOLS, SnippetSettings
from fullcount.browser.snippet import render
from fullcount.errors import ConfigError
from fullcount.events.names import STANDARD
from fullcount.sources.ga4.names import NAMES

BUDGET_BYTES = 3 * 1024
SETTINGS = SnippetSettings(key="pk-shop", pixel="CEXAMPLE0PIXEL000001")


def with_(**changes: Any) -> SnippetSettings:
    """Return the settings with changes."""
    return msgspec.structs.replace(SETTINGS, **changes)


@pytest.mark.parametrize(
    "settings",
    [SETTINGS, with_(pixel=""), with_(hold_consent=True), with_(capture=("pixel",)), with_(capture=(), pages=False)],
)
def test_the_snippet_fits_its_budget(settings: SnippetSettings) -> None:
    """As it is served by default, with all captures, the script has at most 3 KB gzipped."""
    assert len(render(settings).gzipped) <= BUDGET_BYTES


def test_what_is_not_set_is_not_served() -> None:
    """Each consent tool and each capture is bytes only for those who ask for it."""
    everything = with_(consent_tools=CONSENT_TOOLS, template="order-{order_id}-purchase")
    sizes = [len(render(each).gzipped) for each in (with_(capture=("pixel",)), SETTINGS, everything)]
    assert sizes == sorted(sizes)
    assert b"__tcfapi" not in render(SETTINGS).text
    assert b"dataLayer" not in render(with_(capture=("pixel", "attributes"))).text
    assert all(name in render(everything).text for name in (b"__tcfapi", b"__gpp", b"__uspapi", b"customerPrivacy"))
    assert len(render(everything).gzipped) <= BUDGET_BYTES + 512


def test_every_part_is_used_and_settled() -> None:
    """No part is left with a setting's name in it, and no comment is served."""
    for capture in (CAPTURES, ()):
        for template in ("{order_id}", "{event}-{order_id}"):
            text = render(with_(capture=capture, template=template, consent_tools=CONSENT_TOOLS)).text.decode()
            assert "settings." not in text
            assert "PARTS" not in text
            assert "/*" not in text


def test_the_digests_are_those_of_the_bytes() -> None:
    """Integrity, ETag and version follow from the content alone."""
    script = render(SETTINGS)
    assert script.integrity == "sha384-" + base64.b64encode(hashlib.sha384(script.text).digest()).decode()
    assert script.etag == f'W/"{hashlib.sha256(script.text).hexdigest()[:32]}"'
    assert script.version == hashlib.sha256(script.text).hexdigest()[:12]
    assert gzip.decompress(script.gzipped) == script.text


def test_the_same_settings_give_the_same_script() -> None:
    """A script is made once; another key makes another."""
    assert render(with_()) is render(with_())
    assert render(with_(key="pk-other")).version != render(SETTINGS).version


@pytest.mark.parametrize(
    "hostile",
    [
        "</script><script>alert(1)</script>",
        "<!--",
        "\u2028\u2029",
        "\"'`${alert(1)}\\",
        "\n\r\0",
        "ключ",
        "settings.key",
    ],
)
def test_no_setting_breaks_out(hostile: str) -> None:
    """Whatever a setting holds, the script is ASCII, ends no element it stands in, and holds the value as a string."""
    text = render(with_(key=hostile, endpoint=hostile, pixel=hostile, names=((hostile, hostile),))).text
    assert text.isascii()
    assert not any(mark in text for mark in (b"</", b"<!", b"-->"))
    assert not {0x00, 0x0A, 0x0D} & set(text)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"template": "{order}"}, ""),
        ({"template": "always-the-same"}, ""),
        ({"capture": ("pixels",)}, "capture"),
        ({"consent_tools": ("TCF",)}, "consent_tools"),
        ({"cookie": "a;b"}, "cookie"),
        ({"cookie": ""}, "cookie"),
    ],
)
def test_what_no_script_can_hold_is_refused(changes: dict[str, Any], where: str) -> None:
    """A wrong setting is named, with the fix, when the settings are made."""
    with pytest.raises(ConfigError) as refused:
        SnippetSettings(**{"key": "pk-shop", **changes})
    assert (refused.value.where or "") == where
    assert refused.value.fix


def test_the_data_layer_s_names_are_google_s_and_tiktok_s() -> None:
    """The table agrees with the one for Google's own tags, and names standard events only."""
    for said, name in DATA_LAYER_NAMES:
        assert NAMES[said] == name
        assert name in STANDARD
