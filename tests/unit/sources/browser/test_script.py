"""The snippet as it is handed out: to whom, with which settings, and for how long it may be kept."""

from __future__ import annotations

import re
from base64 import b64encode
from gzip import decompress
from hashlib import sha384
from typing import Any

import msgspec
import pytest
from tests.unit.sources.browser.pages import KEY, headers_of, rules

from fullcount.sources.browser.script import script_reply, settings_of, tags_of
from fullcount.sources.browser.sender import Browser
from fullcount.sources.catalogue import Catalogue
from fullcount.sources.reply import Reply
from fullcount.sources.sender import PixelNames, Rules
from fullcount.sources.source import RawRequest

CODE = "CEXAMPLE0PIXEL000001"


def asked(path: str = "/fc/fc.js", query: str = f"key={KEY}", method: str = "GET", **headers: str) -> RawRequest:
    """Return a page's request of the script."""
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    return RawRequest(b"", method, path, query, shown)


def got(request: RawRequest, *known: Rules) -> Reply:
    """Return the answer to it."""
    reply = Browser().greet(request, known or (rules(),))
    assert reply is not None
    return reply


def test_the_snippet_is_handed_out_with_its_sources_settings() -> None:
    """As a script that nothing sniffs, kept for an hour, readable by any page so that its integrity can be checked."""
    reply = got(asked())
    assert (reply.status, reply.content_type) == (200, b"text/javascript; charset=utf-8")
    assert f'"{KEY}"'.encode() in reply.body
    found = headers_of(reply)
    assert found.pop("etag").startswith('W/"')
    assert found == {
        "cache-control": "public, max-age=3600",
        "vary": "Accept-Encoding",
        "x-content-type-options": "nosniff",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
    }


def test_each_source_has_its_own() -> None:
    """By its key, and with any of several while it is changed; the key in it is the one that was asked with."""
    other = rules(keys=("pk-other", "pk-newer"), cookie="_other")
    for key, cookie in ((KEY, b'"_fc"'), ("pk-other", b'"_other"'), ("pk-newer", b'"_other"')):
        body = got(asked(query=f"key={key}"), rules(), other).body
        assert f'"{key}"'.encode() in body
        assert cookie in body


@pytest.mark.parametrize("query", ["", "key=", "key=pk-unknown", "key=%3Cscript%3E", "other=pk-shop"])
def test_an_unknown_key_gets_a_comment_and_nothing_back(query: str) -> None:
    """404, a script that does nothing, kept by nobody, and not a word of what was asked."""
    reply = got(asked(query=query))
    assert reply.status == 404
    assert re.fullmatch(rb"/\*[^*]*\*/\n", reply.body)
    assert b"unknown" not in reply.body
    assert b"script" not in reply.body
    assert headers_of(reply)["cache-control"] == "no-store"
    assert reply.content_type == b"text/javascript; charset=utf-8"


def test_what_is_known_is_not_sent_again() -> None:
    """By its ETag, also a bare one or one of several; after a change of the settings it is another."""
    etag = headers_of(got(asked()))["etag"]
    for shown in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        reply = got(asked(if_none_match=shown))
        assert (reply.status, reply.body, reply.content_type) == (304, b"", b"")
        assert headers_of(reply)["etag"] == etag
    assert got(asked(if_none_match=etag), rules(cookie="_other")).status == 200
    assert got(asked(if_none_match='"other"')).status == 200


def test_a_browser_that_takes_gzip_gets_it() -> None:
    """The same script in half the bytes, under the same ETag; who refuses gzip, or says nothing, gets it plain."""
    plain = got(asked())
    packed = got(asked(accept_encoding="gzip, deflate, br, zstd"))
    assert headers_of(packed) == {**headers_of(plain), "content-encoding": "gzip"}
    assert decompress(packed.body) == plain.body
    assert len(packed.body) < 0.6 * len(plain.body)
    assert got(asked(accept_encoding="br, gzip;q=0")) == plain
    known = got(asked(accept_encoding="gzip", if_none_match=headers_of(plain)["etag"]))
    assert (known.status, "content-encoding" in headers_of(known)) == (304, False)


def test_the_address_with_its_hash_is_for_ever() -> None:
    """The one of today's content; an older one gets today's for an hour, and its integrity no longer fits."""
    _, fixed = tags_of(rules())
    found = re.fullmatch(
        r'<script async src="([^?]+)\?key=pk-shop" integrity="sha384-([^"]+)" crossorigin></script>', fixed
    )
    assert found is not None
    reply = got(asked(found[1]))
    assert headers_of(reply)["cache-control"] == "public, max-age=31536000, immutable"
    assert b64encode(sha384(reply.body).digest()).decode() == found[2]
    older = got(asked("/fc/fc.0123456789ab.js"))
    assert (older.status, headers_of(older)["cache-control"]) == (200, "public, max-age=3600")


def test_other_methods_and_paths_are_not_the_scripts() -> None:
    """HEAD is answered as GET is; what is posted there is for nobody."""
    assert got(asked(method="HEAD")).status == 200
    assert script_reply(asked(method="POST"), [rules()]) is None
    assert script_reply(asked("/fc/e"), [rules()]) is None
    assert script_reply(asked("/fc/fc.js.map"), [rules()]) is None


def test_the_snippet_goes_by_what_its_source_goes_by() -> None:
    """Template, items, names, options, and of the pixels the one whose browser half is ours."""
    silent = PixelNames("CEXAMPLE0PIXEL000002", merge_events=("Purchase", "Subscribe"))
    ours = PixelNames(CODE, "Purchase", "SubmitForm", ("CompletePayment", "Lead"), has_snippet=True)
    given: dict[str, Any] = {
        "pixels": (silent, ours),
        "id_template": "order-{order_id}",
        "catalogue": Catalogue(content_id="x_{sku}", content_type="product_group"),
        "names": {"my_step": "Contact", "view_item": ""},
        "cookie": "_shop",
        "capture": ("pixel",),
        "consent_tools": ("tcf",),
        "hold_consent": True,
        "view_pages": False,
        "click_days": 7.0,
    }
    told = settings_of(rules(**given), KEY)
    assert (told.key, told.endpoint, told.pixel) == (KEY, "e", CODE)
    assert (told.purchase_name, told.lead_name) == ("Purchase", "SubmitForm")
    assert told.merge == ("Lead", "Purchase", "Subscribe")
    assert (told.template, told.content_id, told.content_type) == ("order-{order_id}", "x_{sku}", "product_group")
    assert dict(told.names)["my_step"] == "Contact"
    assert "view_item" not in dict(told.names)
    assert (told.cookie, told.capture, told.consent_tools) == ("_shop", ("pixel",), ("tcf",))
    assert (told.hold_consent, told.pages, told.click_days) == (True, False, 7.0)


def test_a_shop_without_a_pixel_in_the_browser_is_told_none() -> None:
    """The snippet then waits for none, and page views are the gateway's to send."""
    assert settings_of(rules(pixels=(PixelNames(CODE),)), KEY).pixel == ""
    assert settings_of(rules(), KEY).pixel == ""


def test_beacons_go_beside_the_script() -> None:
    """Whatever path the shop mounts both on."""
    assert tags_of(rules(prefix="/r7"))[0] == '<script async src="/r7/fc.js?key=pk-shop"></script>'
    assert settings_of(rules(prefix="/r7"), KEY).endpoint == "e"
    reply = got(asked("/r7/fc.js"), rules(prefix="/r7"))
    assert reply.status == 200


def test_options_are_the_snippets_own_words() -> None:
    """Whatever the settings accept, the snippet takes; each of its words is one of theirs."""
    every = rules(capture=("pixel", "data_layer", "attributes"), consent_tools=("tcf", "gpp", "usp", "shopify"))
    assert got(asked(), every).status == 200
    bare = msgspec.structs.replace(every, options=rules(capture=(), consent_tools=(), view_pages=False).options)
    assert len(got(asked(), bare).body) < len(got(asked(), every).body)
