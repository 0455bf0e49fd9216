"""`fullcount source replay` feeds a saved request through a source and says what each step makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.shop import Shop
from tests.unit.sources.fixtures import FOLDER, fixture

from fullcount.cli.saved_request import read_saved
from fullcount.errors import ConfigError

PAID = FOLDER / "woocommerce" / "order_updated_processing.json"
SECRET = fixture("woocommerce/order_updated_processing.json").secret
SIGNATURE = fixture("woocommerce/order_updated_processing.json").headers["X-WC-Webhook-Signature"]


@pytest.fixture
def woo(shop: Shop) -> Shop:
    """A shop whose settings have a WooCommerce source that vouches for consent."""
    text = shop.file.read_text(encoding="utf-8")
    table = '[[sources]]\nname = "woo"\nkind = "woocommerce"\nkey = "env:WOO_SECRET"\npixels = ["store"]\n'
    shop.write(f'{text}\n{table}consent = "sender_vouches"\n')
    shop.environ["WOO_SECRET"] = SECRET
    return shop


def arguments(path: Path, *more: str) -> list[str]:
    """Return the command line for one file."""
    return ["source", "replay", str(path), "--source", "woo", "--header", "X-WC-Webhook-Topic: order.updated", *more]


def test_every_step_is_told(woo: Shop) -> None:
    """Authenticity, what was read, the identifiers by name, consent and the pixel with its spelling and id."""
    report = woo.run_json(*arguments(PAID, "--header", f"X-WC-Webhook-Signature: {SIGNATURE}"))
    (event,) = report["events"]

    assert report["signature"] == "valid"
    assert (event["event"], event["event_id"], event["consent"]) == ("Purchase", "1501", "send")
    assert {"email", "phone", "ttclid", "ip"} <= set(event["identifiers"])
    assert event["went"] == [
        {"pixel": "store", "event": "CompletePayment", "event_id": "1501", "withheld": "", "held_seconds": None}
    ]


def test_no_value_of_an_identifier_is_printed(woo: Shop) -> None:
    """A person sees which identifiers there are; their values stay out of terminals and tickets."""
    result = woo.run(*arguments(PAID))

    assert result.exit_code == 0
    assert "juergen@example.org" not in result.stdout
    assert "198.51.100.7" not in result.stdout
    assert "email" in result.stdout


def test_a_wrong_signature_is_said_and_the_rest_is_shown(woo: Shop) -> None:
    """A saved body rarely has its signature; the steps are shown all the same."""
    report = woo.run_json(*arguments(PAID, "--header", "X-WC-Webhook-Signature: bm90IGl0"))

    assert report["signature"].startswith("wrong or missing")
    assert len(report["events"]) == 1


def test_an_ignored_request_says_why(woo: Shop) -> None:
    """An order that waits for its payment makes no event, and the reason is one of the closed list."""
    report = woo.run_json(*arguments(FOLDER / "woocommerce" / "order_created_pending.json"))

    assert [each["reason"] for each in report["ignored"]] == ["not_paid"]
    assert report["events"] == []


def test_an_ignored_request_says_what_to_look_at(woo: Shop) -> None:
    """Beside the reason stands what a person needs to mend it."""
    result = woo.run(*arguments(FOLDER / "woocommerce" / "order_updated_refund.json"))

    assert "already_counted (order.updated): what is refunded was paid before" in " ".join(result.stdout.split())


def test_a_request_as_http_writes_it_brings_its_own_headers(woo: Shop, tmp_path: Path) -> None:
    """A file that begins with a request line needs no --header."""
    saved = tmp_path / "order.http"
    head = f"POST /webhooks/woo HTTP/1.1\r\nX-WC-Webhook-Topic: order.updated\r\nX-WC-Webhook-Signature: {SIGNATURE}"
    saved.write_bytes(head.encode() + b"\r\n\r\n" + PAID.read_bytes())
    report = woo.run_json("source", "replay", str(saved), "--source", "woo")

    assert report["signature"] == "valid"
    assert report["events"][0]["event_id"] == "1501"


def test_the_event_that_tiktok_would_get_is_shown_on_request(woo: Shop) -> None:
    """--body prints it, hashed, even where consent or observing withholds it."""
    result = woo.run(*arguments(PAID, "--body"))

    assert '"event": "CompletePayment"' in result.stdout


def test_a_half_that_would_wait_says_how_long(woo: Shop) -> None:
    """With the snippet on the pixel a purchase waits for its browser half, and the route says so."""
    woo.write(woo.file.read_text(encoding="utf-8").replace('name = "store"', 'name = "store"\nbrowser = "snippet"', 1))
    result = woo.run(*arguments(PAID))

    assert "held up to 20 s for the browser's half" in result.stdout


def test_what_cannot_be_read_is_exit_status_1(woo: Shop, tmp_path: Path) -> None:
    """A body that is no JSON object is refused with its fix."""
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"[1, 2")
    result = woo.run(*arguments(broken))

    assert result.exit_code == 1
    assert "no JSON object" in result.stdout


def test_a_source_of_our_own_format_is_told_of_check(woo: Shop) -> None:
    """What does that for them, `fullcount check`, is named."""
    result = woo.run("source", "replay", str(PAID), "--source", "backend")

    assert result.exit_code == 2
    assert "fullcount check" in result.stderr


def test_an_unknown_source_is_exit_status_2(woo: Shop) -> None:
    """The nearest name is offered."""
    result = woo.run("source", "replay", str(PAID), "--source", "wooo")

    assert result.exit_code == 2
    assert 'did you mean "woo"?' in result.stderr


def test_a_header_that_is_none_is_refused() -> None:
    """A header needs its colon."""
    with pytest.raises(ConfigError, match="not a header"):
        read_saved(b"{}", ["X-Topic orders/paid"], "", 0.0)


def test_a_body_keeps_its_exact_bytes() -> None:
    """Signatures are made over them: line ends, blanks and what looks like another head stay."""
    body = b'{"a": 1}\r\n\r\n  \n\n'
    request = read_saved(b"POST /webhooks/woo?x=1 HTTP/1.1\nA: b\n\n" + body, (), "y=2", 5.0)

    assert (request.body, request.query, request.headers) == (body, "x=1&y=2", {"a": "b"})
