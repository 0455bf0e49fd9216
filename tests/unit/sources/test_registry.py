"""Laws that hold for every sender of the registry, whatever its format, and for the pages that name them."""

from __future__ import annotations

import ast
import configparser
import json
import re
import typing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bench.rows.senders import EXAMPLES, steps_of
from tests.unit.sources.fixtures import NOW, fixture, fixtures
from tests.unit.sources.mutants import mutated

import fullcount.sources
from fullcount.config.decode import decode
from fullcount.config.load import DEFAULTS_FILE
from fullcount.config.schema import default_text, field_of, keys_of
from fullcount.config.settings import Source
from fullcount.consent.decision import ConsentRule
from fullcount.errors import InvalidEvent
from fullcount.queue.outcomes import Ignored as Why
from fullcount.sources.receipt import EventResult, Receipt, Result
from fullcount.sources.registry import KINDS, OWN_KINDS, SENDERS
from fullcount.sources.reply import Reply
from fullcount.sources.sender import Options, Refused, Rules, Sender, Taken
from fullcount.sources.source import Intake, RawRequest

DOCS = Path(__file__).parents[3] / "docs"
# Where a sender's recorded requests are, if not in a folder of its kind's name.
FOLDERS = {
    "adobe": ("adobe_commerce/",),
    "bigcommerce": ("bigcommerce/order", "bigcommerce/cart"),
    "meta": ("meta_capi/",),
    "shopify": ("shopify/", "shopify_pixel/"),
}
STRANGER = "test-key-of-a-stranger-0001"
REFUSALS = (400, 401, 405, 408, 413, 429, 500, 503)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
every_sender = pytest.mark.parametrize("kind", sorted(SENDERS))


def recorded(kind: str) -> list[RawRequest]:
    """Return the recorded requests of a sender, each with its headers and path."""
    return [each.request() for folder in FOLDERS.get(kind, (f"{kind}/",)) for each in fixtures(folder)]


def eager(kind: str) -> Options:
    """Return the sender's options with every switch on."""
    hints = typing.get_type_hints(SENDERS[kind].options)
    return SENDERS[kind].options(**{key: True for key, hint in hints.items() if hint is bool})


def rules_of(kind: str, *keys: str, options: Options | None = None) -> Rules:
    """Return a source's rules, with the sender's default options unless others are given."""
    return Rules(name="shop", keys=keys, options=options or SENDERS[kind].options(), refund_event="Refund")


def read(sender: Sender, request: RawRequest, rules: Rules) -> Intake | None:
    """Return what a sender reads, or None where it says that nothing can be read."""
    try:
        return sender.read(request, rules)
    except InvalidEvent:
        return None


def taken(intake: Intake) -> Taken:
    """Return the outcome of a request whose every event was accepted."""
    results = tuple(EventResult(Result.ACCEPTED, each.event_id or "made") for each in intake.readings)
    return Taken(intake, Receipt(results))


@every_sender
def test_every_sender_has_recorded_requests(kind: str) -> None:
    """The laws below are tried on requests as the sender itself makes them."""
    assert recorded(kind)


@every_sender
def test_nothing_is_authentic_without_the_right_key(kind: str) -> None:
    """No key, an empty one, and a stranger's let no recorded request in."""
    for request in recorded(kind):
        for keys in ((), ("",), (STRANGER,), (STRANGER, "")):
            assert not SENDERS[kind].admits(request, rules_of(kind, *keys)), request


@every_sender
def test_nothing_is_authentic_that_shows_nothing(kind: str) -> None:
    """A request without headers and query is not let in, and neither is one whose headers are all empty."""
    for request in recorded(kind):
        bare = msgspec.structs.replace(request, headers={}, query="", body=b"{}")
        blank = msgspec.structs.replace(bare, headers=dict.fromkeys(request.headers, ""))
        for each in (bare, blank):
            assert not SENDERS[kind].admits(each, rules_of(kind, STRANGER, "")), each


@every_sender
@given(data=st.data())
def test_no_json_breaks_a_sender(kind: str, data: st.DataObject) -> None:
    """Arbitrary JSON is read, or refused as InvalidEvent; whatever was read can be answered; nothing else is raised."""
    sample = data.draw(st.sampled_from(recorded(kind)))
    body = json.dumps(data.draw(ANY_JSON)).encode()
    for options in (None, eager(kind)):
        request = msgspec.structs.replace(sample, body=body)
        intake = read(SENDERS[kind], request, rules_of(kind, STRANGER, options=options))
        if intake is not None:
            assert 200 <= SENDERS[kind].answer(request, taken(intake)).status < 300


@every_sender
@given(data=st.data())
def test_no_recorded_request_breaks_a_sender_when_it_is_changed(kind: str, data: st.DataObject) -> None:
    """A recorded body with anything in it is read, and its reasons are of the closed list."""
    sample = data.draw(st.sampled_from([each for each in recorded(kind) if each.body[:1] in {b"{", b"["}]))
    request = msgspec.structs.replace(sample, body=json.dumps(data.draw(mutated(json.loads(sample.body)))).encode())
    intake = read(SENDERS[kind], request, rules_of(kind, STRANGER, options=eager(kind)))
    assert intake is None or {each.reason for each in intake.ignored} <= set(Why)


@every_sender
@given(body=st.binary(max_size=60), query=st.text(max_size=30), shown=st.text(max_size=30))
def test_no_bytes_break_a_sender(kind: str, body: bytes, query: str, shown: str) -> None:
    """Arbitrary bytes, queries and headers are greeted, let in or not, read and answered without an exception."""
    sender, rules = SENDERS[kind], rules_of(kind, STRANGER)
    for sample in recorded(kind)[:3]:
        headers = dict.fromkeys(sample.headers, shown)
        request = RawRequest(body, sample.method, sample.path, query, headers, "192.0.2.7", NOW)
        assert not sender.admits(request, rules)
        assert isinstance(sender.greet(request, (rules,)), Reply | None)
        read(sender, request, rules)


@every_sender
def test_every_refusal_is_an_answer(kind: str) -> None:
    """Whatever the gateway refuses with, each sender has an answer; one that is not authentic is never a success."""
    for sample in recorded(kind):
        for status in REFUSALS:
            refused = Refused(status, "code", "reason", "fix", retry_after_seconds=2.0)
            reply = SENDERS[kind].answer(sample, refused)
            assert 200 <= reply.status < 600
            assert STRANGER.encode() not in reply.body
            if status == 401:
                assert reply.status in {400, 401, 403}, sample


@every_sender
def test_recorded_requests_are_ignored_for_reasons_of_the_closed_list(kind: str) -> None:
    """With every switch off and every switch on, what makes no event says why in a word that the queue knows."""
    for sample in recorded(kind):
        for options in (None, eager(kind)):
            intake = read(SENDERS[kind], sample, rules_of(kind, STRANGER, options=options))
            assert intake is None or {each.reason for each in intake.ignored} <= set(Why)


def test_every_reason_that_is_written_is_of_the_closed_list() -> None:
    """Each text that stands as a reason in the senders' code is one of the queue's words."""
    folder = Path(fullcount.sources.__path__[0])
    written = {
        node.args[0].value
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Ignored"
        if node.args and isinstance(node.args[0], ast.Constant)
    }
    assert written
    assert written <= set(Why)


def pages() -> dict[str, str]:
    """Return the page of each sender's kind, as the table of docs/sources/README.md names it."""
    text = (DOCS / "sources" / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\|[^|]*\| `(\w+)` \|.*\[[^\]]*\]\(([^)]*)\) \|$", text, flags=re.MULTILINE))


def test_the_table_of_senders_is_the_registry() -> None:
    """docs/sources/README.md has a row for each kind, in which a page that is there is named."""
    assert set(pages()) == set(SENDERS)
    assert all((DOCS / "sources" / page).is_file() for page in pages().values())


@every_sender
def test_a_senders_options_stand_in_its_page(kind: str) -> None:
    """Its page has a row for each key that this kind alone takes, with the default that holds."""
    text = (DOCS / "sources" / pages()[kind]).read_text(encoding="utf-8")
    rows: dict[str, str] = dict(re.findall(r"^\| `(\w+)` \| ?([^|]*?) ?\|", text, flags=re.MULTILINE))
    options = SENDERS[kind].options
    for key in options.__struct_fields__:
        assert key in rows, key
        assert _plain(rows[key]) == _plain(default_text(field_of(options, key))), key


def _plain(default: str) -> str:
    """Return a default without quotes, ticks and spaces, as pages may write it with or without them."""
    return re.sub(r"[`\"\s]", "", default)


@every_sender
def test_silence_needs_a_grant_unless_the_caller_chose_to_send(kind: str) -> None:
    """Platforms and pages post everybody's orders, so the region decides; who calls an SDK vouches. Pages say so."""
    expected = ConsentRule.SENDER_VOUCHES if kind in {"segment", "meta"} else ConsentRule.BY_REGION
    table = {"name": "shop", "kind": kind, "key": STRANGER, "pixels": ["store"]}
    (source,) = decode({"sources": [table]}, {}).sources

    assert source.consent is expected
    if kind != "browser":  # whose page speaks of the visitor's own answer
        assert f"consent={expected.value}" in (DOCS / "sources" / pages()[kind]).read_text(encoding="utf-8")


@pytest.mark.parametrize("file", [DOCS / "settings.md", DEFAULTS_FILE], ids=lambda file: file.name)
def test_the_settings_pages_name_every_kind_and_no_other(file: Path) -> None:
    """What docs/settings.md and default.toml say of `kind` is the registry's list."""
    text = file.read_text(encoding="utf-8").replace("\n#", "")
    said = re.search(r"json[^.]*?\bopens the drop-in routes[^.]*?as it is: ([^.]*)\.", text)
    assert said is not None
    named: list[str] = re.findall(r"[a-z0-9]+", said[1])
    assert set(KINDS) <= set(re.findall(r"[a-z0-9]+", said[0]))
    assert set(named) <= set(SENDERS)


@every_sender
def test_the_import_contract_names_every_sender(kind: str) -> None:
    """Its module is one of those that do not import each other."""
    contracts = configparser.ConfigParser()
    contracts.read(DOCS.parent / ".importlinter", encoding="utf-8")
    (independent,) = [table for table in contracts.values() if table.get("type") == "independence"]
    assert ".".join(type(SENDERS[kind]).__module__.split(".")[:3]) in independent["modules"].split()


def test_the_bench_has_a_row_for_every_sender() -> None:
    """`make bench` shows what a request of each kind costs that makes an event."""
    assert set(EXAMPLES) == set(SENDERS)
    for kind in SENDERS:
        _, arrive = steps_of(kind, fixture(EXAMPLES[kind]))
        assert arrive(), kind


def test_kinds_are_told_apart() -> None:
    """Each kind has one sender, under its own name, and none takes a name of ours."""
    assert len(KINDS) == len(set(KINDS)) == len(OWN_KINDS) + len(SENDERS)
    assert all(sender.kind == kind for kind, sender in SENDERS.items())


@every_sender
def test_no_option_hides_a_key_that_every_source_takes(kind: str) -> None:
    """Options stand beside the common keys of [[sources]], so none may have the name of one."""
    assert not set(SENDERS[kind].options.__struct_fields__) & set(keys_of(Source))
