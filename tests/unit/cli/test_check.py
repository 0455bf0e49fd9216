"""`fullcount check` prints the exact TikTok JSON, and what is wrong with mistake, consequence and fix."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.shop import CODE, Shop, purchase

EXAMPLES = Path(__file__).parents[3] / "examples"


def digest(text: str) -> str:
    """Return the SHA-256 of a text in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def body(document: Any) -> bytes:
    """Return a document as it would be piped in."""
    return json.dumps(document).encode()


def test_an_event_is_shown_as_tiktok_gets_it(shop: Shop, now: int) -> None:
    """Hashed, under the pixel's code, with nothing wrong and exit status 0."""
    event = purchase("order-1", now)
    event["user"]["phone"] = "(206) 555-0100"
    report = shop.run_json("check", "-", stdin=body(event))
    request = report["requests"][0]

    assert report["ok"]
    assert report["kind"] == "our JSON"
    assert request["event_source_id"] == CODE
    assert request["data"][0]["event_id"] == "order-1"
    assert request["data"][0]["user"]["email"] == digest("customer@example.com")
    assert request["data"][0]["user"]["phone"] == digest("+12065550100")


def test_nothing_is_sent(shop: Shop, now: int) -> None:
    """The check makes no request."""
    shop.run("check", "-", stdin=body(purchase("order-1", now)))

    assert shop.tiktok.emulator.requests.total == 0


def test_a_person_sees_the_json_and_the_findings(shop: Shop, now: int) -> None:
    """Without --json it is a table with where, mistake, consequence and fix, and the JSON below."""
    event = purchase("order-1", now)
    event["user"]["phone"] = "call me"
    result = shop.run("check", "-", stdin=body(event))

    assert result.exit_code == 0
    for word in ("user.phone", "consequence", "the field is left out", "What TikTok gets (POST", '"order-1"'):
        assert word in result.stdout


def test_a_fatal_problem_is_exit_status_1(shop: Shop, now: int) -> None:
    """An event that would be refused is shown with its path, and as it would be without that."""
    report = shop.run_json("check", "-", stdin=body(purchase("order-1", now - 40 * 86_400)), exit_code=1)

    assert not report["ok"]
    assert [(each["path"], each["severity"]) for each in report["findings"]] == [("event_time", "fatal")]
    assert report["requests"][0]["data"][0]["event_id"] == "order-1"


def test_several_events_have_their_places(shop: Shop, now: int) -> None:
    """In a list and in an envelope, the index stands in the path."""
    events = [purchase("order-1", now), purchase("order-2", now - 40 * 86_400)]
    for document in (events, {"events": events}):
        report = shop.run_json("check", "-", stdin=body(document), exit_code=1)

        assert report["events"] == 2
        assert [each["path"] for each in report["findings"]] == ["events.1.event_time"]


def test_the_articles_purchase_is_one_event_in_all_three_shapes(shop: Shop, now: int) -> None:
    """As our JSON, as a 1.0 body and as a hashed 2.0 body, it is the same event to TikTok."""
    ours = json.loads((EXAMPLES / "purchase.json").read_text(encoding="utf-8"))
    old = json.loads((EXAMPLES / "purchase-tiktok-1.0.json").read_text(encoding="utf-8"))
    new = json.loads((EXAMPLES / "purchase-tiktok-2.0.json").read_text(encoding="utf-8"))
    ours["event_time"] = new["data"][0]["event_time"] = now
    old["timestamp"] = f"{now}"
    shown = [
        shop.run_json("check", "-", stdin=body(document))["requests"][0]["data"][0] for document in (ours, old, new)
    ]

    assert shown[0] == shown[1] == shown[2]


def test_as_it_stands_the_article_is_too_old(shop: Shop) -> None:
    """Its timestamp of April 2026 is refused, and the answer says so."""
    report = shop.run_json("check", str(EXAMPLES / "purchase-tiktok-1.0.json"), exit_code=1)

    assert any("too_old" in each["mistake"] for each in report["findings"])


def test_the_curl_example_shows_its_mistakes_and_hides_its_token(shop: Shop) -> None:
    """A pasted line with the mistakes of the article: each is named, and the token is nowhere in the output."""
    result = shop.run("check", str(EXAMPLES / "curl.txt"), "--json")
    report = json.loads(result.stdout)
    said = " | ".join(each["mistake"] for each in report["findings"])

    assert result.exit_code == 1
    assert report["curl"]
    for mistake in ("a 1.0 body on the 2.0 path", "Authorization in place of Access-Token", "slash", "not hashed"):
        assert mistake in said
    assert "test-token" not in result.stdout
    assert "test-token" not in shop.run("check", str(EXAMPLES / "curl.txt")).output


def test_what_the_drop_in_mends_is_only_a_warning(shop: Shop, now: int) -> None:
    """A plain identifier in a TikTok body is fatal on its way to TikTok, and a warning on its way to a gateway."""
    document = {"event_source": "web", "event_source_id": CODE, "data": [purchase("order-1", now)]}
    line = (
        "curl URL -H 'Access-Token: test-token' -H 'Content-Type: application/json' -d '" + json.dumps(document) + "'"
    )
    path = "/open_api/v1.3/event/track/"
    to_tiktok = line.replace("URL", f"https://business-api.tiktok.com{path}").encode()
    to_gateway = line.replace("URL", f"http://127.0.0.1:8080{path}").encode()

    assert shop.run("check", "-", stdin=to_tiktok).exit_code == 1
    assert shop.run("check", "-", stdin=to_gateway).exit_code == 0
    assert shop.run("check", "-", stdin=body(document)).exit_code == 0


def test_our_json_on_its_way_to_tiktok_is_refused_there(shop: Shop, now: int) -> None:
    """The shape, and each identifier that would leave this machine in plain, are fatal."""
    line = (
        "curl https://business-api.tiktok.com/open_api/v1.3/event/track/ -H 'Access-Token: test-token' "
        "--json '" + json.dumps(purchase("order-1", now)) + "'"
    )
    report = shop.run_json("check", "-", stdin=line.encode(), exit_code=1)

    assert [(each["path"], each["mistake"]) for each in report["findings"]] == [
        ("body", "our JSON on a path of TikTok's"),
        ("user.email", "not hashed"),
    ]


def test_a_curl_line_may_be_the_argument(shop: Shop, now: int) -> None:
    """In quotes, it is read as what it is and not as a file's name."""
    line = "curl http://127.0.0.1:8080/v1/events --json '" + json.dumps(purchase("order-1", now)) + "'"
    report = shop.run_json("check", line, exit_code=1)

    assert report["curl"]
    assert [each["mistake"] for each in report["findings"]] == ["there is no Authorization"]


def test_one_event_a_line_is_taken(shop: Shop, now: int) -> None:
    """As `send` takes it: what may be sent may be checked."""
    lines = b"\n".join(body(purchase(f"order-{number}", now)) for number in (1, 2, 3))
    report = shop.run_json("check", "-", stdin=lines)

    assert report["events"] == 3
    assert [each["event_id"] for each in report["requests"][0]["data"]] == ["order-1", "order-2", "order-3"]


def test_an_event_that_lost_its_only_identifier_matches_nobody(shop: Shop, now: int) -> None:
    """What was dropped is named, and what that leaves."""
    event = purchase("order-1", now)
    event["user"] = {"email": "none"}
    report = shop.run_json("check", "-", stdin=body(event))
    nobody = shop.run_json("check", "-", stdin=body({**event, "user": {}}))

    assert [each["path"] for each in report["findings"]] == ["user.email", "user"]
    assert "it counts, and is attributed to no ad" in report["findings"][1]["consequence"]
    assert [each["path"] for each in nobody["findings"]] == ["user"]


def test_an_event_without_a_time_counts_as_of_now(shop: Shop, now: int) -> None:
    """The consequence says so, and not that it goes on as it is."""
    event = purchase("order-1", now)
    del event["event_time"]
    report = shop.run_json("check", "-", stdin=body(event))

    assert [each["consequence"] for each in report["findings"]] == ["it counts as if it happened now"]


@pytest.mark.parametrize(
    ("key", "hashed", "given", "said"),
    [
        ("phone", "15550100199", ["--phone", "+15550100199"], "hashed without the +"),
        ("phone", "5550100199", ["--phone", "5550100199", "--country", "US"], "hashed without its country code"),
        ("phone", "0015550100199", ["--phone", "+15550100199"], "hashed with 00"),
        ("phone", digest("+15550100199"), ["--phone", "+15550100199"], "hashed twice"),
        ("phone", "12133734253", [], "hashed without the +"),
        ("phone", "+15550100111", ["--phone", "+15550100199"], "no hash in it"),
        ("email", "Customer@Example.com", ["--email", "Customer@Example.com"], "without making it lower case"),
        ("email", " customer@example.com", ["--email", " Customer@example.com"], "hashed without trimming"),
    ],
)
def test_a_known_value_shows_how_its_hash_was_made(  # noqa: PLR0917 - a table
    shop: Shop, now: int, key: str, hashed: str, given: list[str], said: str
) -> None:
    """The usual wrong ways to hash are tried with the value that a person gives, which is never shown."""
    event = purchase("order-1", now)
    event["user"] = {key: digest(hashed), "external_id": "customer-77"}
    result = shop.run("check", "-", *given, stdin=body(event))

    assert said in result.stdout
    assert "010-0199" not in result.stdout


def test_a_right_hash_is_not_blamed(shop: Shop, now: int) -> None:
    """Hashed as TikTok says, nothing is found."""
    event = purchase("order-1", now)
    event["user"]["phone"] = digest("+15550100199")
    report = shop.run_json("check", "-", "--phone", "+15550100199", stdin=body(event))

    assert report["findings"] == []


def test_without_settings_the_bodys_own_pixel_is_taken(shop: Shop, now: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing needs to be set up for a first look."""
    monkeypatch.chdir(shop.folder)
    shop.file.unlink()
    shop.environ["FULLCOUNT_CONFIG"] = None
    document = {"event_source": "web", "event_source_id": "CEXAMPLE0PIXEL000009", "data": [purchase("order-1", now)]}
    report = shop.run_json("check", "-", stdin=body(document))
    named = shop.run_json("check", "-", stdin=body(purchase("order-1", now, pixel="outlet")))

    assert report["requests"][0]["event_source_id"] == "CEXAMPLE0PIXEL000009"
    assert len(named["requests"]) == 1


def test_with_settings_a_pixel_of_others_is_refused(shop: Shop, now: int) -> None:
    """What the source's key does not open is fatal, as it is at the gateway."""
    report = shop.run_json("check", "-", stdin=body(purchase("order-1", now, pixel="outlet")), exit_code=1)

    assert [each["path"] for each in report["findings"]] == ["pixel"]


def test_consent_is_shown(shop: Shop, now: int) -> None:
    """An event that would be withheld says why, and no JSON is shown as if it were sent."""
    report = shop.run_json("check", "-", stdin=body(purchase("order-1", now, consent="denied")))
    result = shop.run("check", "-", stdin=body(purchase("order-1", now, consent="denied")))

    assert report["withheld"] == [{"path": "", "reason": "consent_denied"}]
    assert report["requests"] == []
    assert "would be withheld: consent_denied" in result.stdout


def test_an_observed_source_is_shown_as_it_would_send(shop: Shop, now: int) -> None:
    """Observing keeps an event from TikTok, and the check still shows it."""
    shop.write(shop.file.read_text(encoding="utf-8") + 'mode = "observe"\n')
    report = shop.run_json("check", "-", stdin=body(purchase("order-1", now)))

    assert report["withheld"] == [{"path": "", "reason": "observe_only"}]
    assert len(report["requests"]) == 1


@pytest.mark.parametrize(
    ("args", "stdin", "said"),
    [
        (["-"], b"hello", "not JSON"),
        (["-"], b"", "empty"),
        (["absent.json"], b"", "cannot be read"),
        (["-", "--source", "nobody"], b"{}", "no source named nobody"),
        (["-"], b"curl https://example.com/", "no body"),
        (["-"], b'{"event":"Lead"}\n{"event":', "line 2"),
    ],
)
def test_what_cannot_be_checked_is_exit_status_2(shop: Shop, args: list[str], stdin: bytes, said: str) -> None:
    """No events, no file, no such source: one message, nothing on standard output."""
    result = shop.run("check", *args, stdin=stdin)

    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
