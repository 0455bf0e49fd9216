"""Our tag template for server-side containers: its parts parse, and what its script posts is what we read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.unit.sources.ga4.requests import DATA, SECRET, posted

TEMPLATE = Path(__file__).parents[4] / "examples" / "gtm" / "fullcount-server-tag.tpl"
_TITLE = re.compile(r"^___([A-Z_]+)___$", re.MULTILINE)
_CLOSERS = {")": "(", "]": "[", "}": "{"}


def sections() -> dict[str, str]:
    """Return the template's parts by their titles."""
    _, *pieces = _TITLE.split(TEMPLATE.read_text(encoding="utf-8"))
    return {title: text.strip() for title, text in zip(pieces[::2], pieces[1::2], strict=True)}


def permissions() -> dict[str, dict[str, Any]]:
    """Return the parameters of each permission by the permission's name."""
    listed = json.loads(sections()["SERVER_PERMISSIONS"])
    return {
        each["instance"]["key"]["publicId"]: {param["key"]: param["value"] for param in each["instance"]["param"]}
        for each in listed
    }


def script_without_texts_and_comments() -> str:
    """Return the script with its strings emptied and its comments gone."""
    script = re.sub(r"//[^\n]*", "", sections()["SANDBOXED_JS_FOR_SERVER"].replace("https://", ""))
    return re.sub(r"'[^'\n]*'", "''", script)


def test_its_parts_are_those_that_tag_manager_imports() -> None:
    """The titles stand in the order of an exported template, and the JSON parts parse."""
    found = sections()
    assert list(found) == [
        "TERMS_OF_SERVICE",
        "INFO",
        "TEMPLATE_PARAMETERS",
        "SANDBOXED_JS_FOR_SERVER",
        "SERVER_PERMISSIONS",
        "TESTS",
        "NOTES",
    ]
    info = json.loads(found["INFO"])
    assert (info["type"], info["containerContexts"]) == ("TAG", ["SERVER"])


def test_every_field_that_the_script_reads_can_be_filled_in() -> None:
    """What stands behind `data.` is a field of the form, or Tag Manager's own pair of callbacks."""
    fields = {field["name"] for field in json.loads(sections()["TEMPLATE_PARAMETERS"])}
    read = set(re.findall(r"\bdata\.([A-Za-z]+)", script_without_texts_and_comments()))
    assert read == fields | {"gtmOnSuccess", "gtmOnFailure"}


def test_the_script_may_do_what_it_does_and_no_more() -> None:
    """Each API that it asks for has its permission, each cookie is listed, and no permission is idle."""
    script = sections()["SANDBOXED_JS_FOR_SERVER"]
    asked = set(re.findall(r"require\('(\w+)'\)", script))
    needs = {
        "getAllEventData": "read_event_data",
        "getCookieValues": "get_cookies",
        "sendHttpRequest": "send_http",
        "JSON": None,
    }
    assert {needs[api] for api in asked} - {None} == set(permissions())
    cookies = {item["string"] for item in permissions()["get_cookies"]["cookieNames"]["listItem"]}
    assert set(re.findall(r"getCookieValues\('(\w+)'\)", script)) == cookies


def test_every_bracket_of_the_script_has_its_other() -> None:
    """And none of what the sandbox lacks is used."""
    script = script_without_texts_and_comments()
    opened: list[str] = []
    for char in script:
        if char in _CLOSERS.values():
            opened.append(char)
        elif char in _CLOSERS:
            assert opened.pop() == _CLOSERS[char]
    assert opened == []
    assert not re.search(r"\b(?:async|await|new|try|class|fetch|window|Promise)\b", script)
    assert script.count("'") % 2 == 0


def test_what_it_posts_is_read() -> None:
    """Event data with the cookies under common_cookie and the key as a bearer: the purchase, with both."""
    script = sections()["SANDBOXED_JS_FOR_SERVER"]
    assert "data.endpoint + '/data'" in script
    assert "'Authorization': 'Bearer ' + data.key" in script
    event = json.loads(DATA.body)
    assert "common_cookie" in script
    event["common_cookie"] = dict.fromkeys(re.findall(r"known\.(\w+)", script), "test-cookie")
    del event["page_location"]
    found = posted(event, query="", headers={"authorization": f"Bearer {SECRET}"}).event
    assert (found.event_id, found.user.ttclid, found.user.ttp) == ("T-79", "test-cookie", "test-cookie")
