"""`fullcount send` brings a file's events to a gateway, or test events straight to TikTok."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

import pytest
from tests.unit.cli.filled_store import delivered, entry, owned_store, settle_all
from tests.unit.cli.scripted_gateway import Gateway
from tests.unit.cli.shop import CODE, Shop, purchase

from fullcount.cli.waiting import wait_for_outcomes
from fullcount.clock import ManualClock, SystemClock
from fullcount.config.settings import Pixel, Settings, Storage

PIXELS = (Pixel(name="store", code=CODE, access_token=""),)
EXAMPLES = Path(__file__).parents[3] / "examples"


def lines(*events: object) -> bytes:
    """Return events one a line."""
    return b"\n".join(json.dumps(event).encode() for event in events)


def test_the_first_test_event_needs_no_gateway(shop: Shop) -> None:
    """With a test code the example goes straight to TikTok, and its request_id and where to look are shown."""
    result = shop.run("send", "--test-code", "TEST12345", str(EXAMPLES / "purchase.json"))

    assert result.exit_code == 0
    assert "order-12345-purchase: taken by TikTok for pixel store, request_id 20" in result.stdout
    assert "look for CompletePayment" in result.stdout


def test_a_test_event_counts_nothing(shop: Shop) -> None:
    """TikTok shows it among the test events and counts none."""
    document = shop.run_json("send", "--test-code", "TEST12345", str(EXAMPLES / "orders.ndjson"))

    assert len(document["results"]) == 5
    assert all(each["taken"] and each["code"] == 0 for each in document["results"])
    assert len({each["request_id"] for each in document["results"]}) == 5


def test_tiktoks_refusal_is_passed_on(shop: Shop) -> None:
    """A wrong token is exit status 1, with TikTok's code and words and what to do, and without the token."""
    shop.environ["TIKTOK_ACCESS_TOKEN"] = "test-wrong-token"
    result = shop.run("send", "--test-code", "TEST12345", str(EXAMPLES / "purchase.json"))

    assert result.exit_code == 1
    assert "code 40105" in result.stdout
    assert "Fix:" in result.stdout
    assert "test-wrong-token" not in result.output


def test_a_tiktok_that_cannot_be_reached_is_said(shop: Shop) -> None:
    """Nobody listening is an outcome of the test, not a crash."""
    shop.write(shop.file.read_text(encoding="utf-8").replace(shop.tiktok.base_url, "http://127.0.0.1:9"))
    result = shop.run("send", "--test-code", "TEST12345", str(EXAMPLES / "purchase.json"))

    assert result.exit_code == 1
    assert "no answer" in result.stdout
    assert "fullcount emulate --port 9" in result.stdout


def test_an_emulators_refusal_of_a_token_names_the_emulators_option(shop: Shop) -> None:
    """Where the base URL is this machine, the token is the one that `emulate` was given, and not Events Manager's."""
    shop.environ["TIKTOK_ACCESS_TOKEN"] = "test-wrong-token"
    result = shop.run("send", "--test-code", "TEST12345", str(EXAMPLES / "purchase.json"))

    assert "fullcount emulate --pixel CODE=TOKEN" in result.stdout
    assert "Events Manager" not in result.stdout


def test_events_without_a_time_are_one_quiet_line(shop: Shop, now: int) -> None:
    """That now was taken is said once for all of them, in no table of problems; --json has each."""
    events = [purchase(f"order-{number}", now) for number in (1, 2)]
    for event in events:
        del event["event_time"]
    shown = shop.run("send", "-", "--test-code", "TEST12345", stdin=lines(*events))
    document = shop.run_json("send", "-", "--test-code", "TEST12345", stdin=lines(*events))

    assert "2 events without event_time: now was put in" in shown.stdout
    assert "problems" not in shown.stdout
    assert [each["problems"][0]["code"] for each in document["results"]] == ["time_missing"] * 2


def test_a_curl_line_is_sent_to_the_check(shop: Shop) -> None:
    """`send` takes events; the file is named, and the command that reads such a line."""
    file = str(EXAMPLES / "curl.txt")
    result = shop.run("send", "--test-code", "TEST12345", file)

    assert result.exit_code == 2
    assert f"{file}: it is a curl line" in result.stderr
    assert f"fullcount check {file}" in result.stderr


def test_a_bad_test_event_is_not_sent(shop: Shop, now: int) -> None:
    """An event that a gateway would refuse is refused here too, beside those that go."""
    stdin = lines(purchase("order-1", now), purchase("order-2", now - 40 * 86_400), {"event": 3}, 7)
    document = shop.run_json("send", "-", "--test-code", "TEST12345", stdin=stdin, exit_code=1)

    assert sorted((each["place"], each["taken"]) for each in document["results"]) == [
        ("line 1", True),
        ("line 2", False),
        ("line 3", False),
        ("line 4", False),
    ]


def test_test_events_are_few(shop: Shop, now: int) -> None:
    """A whole file under a test code is most likely a mistake."""
    result = shop.run("send", "-", "--test-code", "TEST12345", stdin=lines(*[purchase("order-1", now)] * 101))

    assert result.exit_code == 2
    assert "more than 100" in result.stderr


def test_where_no_gateway_runs_the_command_is_named(shop: Shop) -> None:
    """Live events need `fullcount serve`, and the error says so."""
    shop.write(shop.file.read_text(encoding="utf-8") + "\n[server]\nport = 9\n")
    result = shop.run("send", str(EXAMPLES / "purchase.json"))

    assert result.exit_code == 2
    assert "fullcount serve" in result.stderr


def answer(accepted: int, *, rejected: int | None = None) -> bytes:
    """Return a gateway's answer."""
    problems = [{"path": "event_time", "reason": "too old", "fix": "sooner"}]
    refused = [] if rejected is None else [{"index": rejected, "problems": problems}]
    return json.dumps({"accepted": accepted, "event_ids": ["x"] * accepted, "rejected": refused}).encode()


def test_events_go_to_the_gateway_in_batches(shop: Shop, now: int, gateway: Gateway) -> None:
    """A long file is several requests, in order, under the source's key; the sums are of all of them."""
    gateway.script = [(202, {}, answer(200)), (202, {}, answer(50))]
    stdin = lines(*(purchase(f"order-{number}", now) for number in range(250)))
    document = shop.run_json("send", "-", "--url", gateway.url, stdin=stdin)

    assert document["accepted"] == 250
    assert [len(got["events"]) for got in gateway.got] == [200, 50]
    sent = [event["event_id"] for got in gateway.got for event in got["events"]]
    assert sent == [f"order-{number}" for number in range(250)]
    assert set(gateway.keys) == {"Bearer test-key-of-the-backend"}


def test_what_was_not_taken_is_named_by_its_line(shop: Shop, now: int, gateway: Gateway) -> None:
    """A rejected event and a line that is no JSON are named with reason and fix; the rest goes, exit status 1."""
    gateway.script = [(422, {}, answer(1, rejected=1))]
    stdin = lines(purchase("order-1", now)) + b"\nnot json\n" + lines(purchase("order-2", now))
    result = shop.run("send", "-", "--url", gateway.url, stdin=stdin)

    assert result.exit_code == 1
    assert "accepted 1, merged 0, duplicates 0, withheld 0, rejected 2" in result.stdout
    assert "line 3 event_time" in result.stdout
    assert "line 2" in result.stdout


def test_a_test_code_may_go_through_a_gateway(shop: Shop, now: int, gateway: Gateway) -> None:
    """With --url the code travels on the envelope."""
    gateway.script = [(202, {}, answer(1))]
    shop.run("send", "-", "--url", gateway.url, "--test-code", "TEST12345", stdin=lines(purchase("order-1", now)))

    assert gateway.got[0]["test_event_code"] == "TEST12345"


def test_an_old_example_can_be_made_fresh(shop: Shop, now: int, gateway: Gateway) -> None:
    """--now replaces event_time, and a timestamp of TikTok's older shape."""
    gateway.script = [(202, {}, answer(1))]
    old = {**purchase("order-1", 1_000_000_000), "timestamp": "2026-04-01T14:30:00Z"}
    shop.run("send", "-", "--url", gateway.url, "--now", stdin=lines(old))

    assert gateway.got[0]["events"][0]["event_time"] >= now
    assert "timestamp" not in gateway.got[0]["events"][0]


def test_an_event_without_id_and_time_is_the_same_event_when_it_is_sent_again(
    shop: Shop, now: int, gateway: Gateway
) -> None:
    """It gets a time before the first try: else each arrival would get an event_id of its own, and count."""
    gateway.script = [(0, {}, b""), (202, {}, answer(4))]
    bare = {"event": "AddToCart", "event_id": "", "timestamp": None}
    events = [bare, bare, {"event": "AddToCart", "event_id": "a"}, {"event": "AddToCart", "event_time": now - 60}]
    shop.run("send", "-", "--url", gateway.url, stdin=lines(*events))
    first, again = (got["events"] for got in gateway.got)

    assert first == again
    assert first[0]["event_time"] >= now
    assert first[1]["event_time"] == first[0]["event_time"] - 1
    assert first[2:] == events[2:]


def test_address_and_key_alone_need_no_settings(shop: Shop, now: int, gateway: Gateway) -> None:
    """From another machine --url and --key are enough; the key may stand in the environment."""
    shop.file.unlink()
    gateway.script = [(202, {}, answer(1))]
    result = shop.run(
        "send", "-", "--url", gateway.url, "--key", "env:BACKEND_KEY", stdin=lines(purchase("order-1", now))
    )

    assert result.exit_code == 0
    assert gateway.keys == ["Bearer test-key-of-the-backend"]


async def test_it_can_wait_for_the_outcome(shop: Shop, now: int, gateway: Gateway) -> None:
    """With --wait the store on this machine is watched until the event has ended, and TikTok's request_id is shown."""
    taken = {"accepted": 1, "event_ids": ["order-1"], "rejected": []}
    gateway.script = [(202, {}, json.dumps(taken).encode())]
    stdin = lines(purchase("order-1", now))
    async with owned_store(shop.store, SystemClock()) as queue:
        await queue.accept([entry("order-1", now)])
        await settle_all(queue, SystemClock(), delivered)
        result = await asyncio.to_thread(shop.run, "send", "-", "--url", gateway.url, "--wait", "60", stdin=stdin)

    assert result.exit_code == 0
    assert "Purchase order-1 at pixel store: delivered, request_id R1" in result.stdout


async def test_waiting_ends_when_its_time_is_over() -> None:
    """What has not ended by then is shown as it stands."""
    clock = ManualClock(1_795_000_000.0)
    with tempfile.TemporaryDirectory() as folder:
        storage = Storage(url=f"sqlite:{folder}/fullcount.db")
        async with owned_store(storage.path, clock) as queue:
            await queue.accept([entry("order-1", clock.now()), entry("order-2", clock.now())])
            waiting = asyncio.ensure_future(
                wait_for_outcomes(Settings(storage=storage, pixels=PIXELS), ["order-1", "order-2"], 30.0, clock)
            )
            while not waiting.done():
                clock.advance(10.0)
                await asyncio.sleep(0)
            journeys = await waiting

    assert [(journey.event_id, journey.state) for journey in journeys] == [("order-1", "queued"), ("order-2", "queued")]


class Impatient(ManualClock):
    """A clock that jumps to where a sleeper wants to be, and remembers how long each slept."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Be there at once."""
        self.slept.append(seconds)
        self.advance(seconds)


async def test_an_id_that_nobody_knows_is_looked_for_ever_more_seldom(tmp_path: Path) -> None:
    """What was found is watched closely; looking for the unknown costs a search through everything."""
    clock = Impatient()
    settings = Settings(storage=Storage(url=f"sqlite:{tmp_path}/fullcount.db"), pixels=PIXELS)
    async with owned_store(settings.storage.path, clock) as queue:
        await queue.accept([entry("order-1", clock.now())])
        await wait_for_outcomes(settings, ["order-1"], 1.0, clock)
        watching, clock.slept = clock.slept, []
        await wait_for_outcomes(settings, ["order-2"], 12.0, clock)

    assert set(watching) == {0.2}
    assert clock.slept == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--source", "nobody"], "no source named nobody"),
        (["--key", "env:NOWHERE"], "no NOWHERE"),
        (["--key", "test-kü“"], "no HTTP header takes"),
        (["--url", "http://[x"], "not an address"),
        (["--test-code", "TEST12345", "--source", "nobody"], "no source named nobody"),
    ],
)
def test_a_wrong_option_is_exit_status_2(shop: Shop, now: int, args: list[str], said: str) -> None:
    """Nothing is sent, and the option is named."""
    result = shop.run("send", "-", *args, stdin=lines(purchase("order-1", now)))

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_body_for_tiktok_is_refused_with_the_way_out(shop: Shop) -> None:
    """A 2.0 body belongs to the drop-in route."""
    result = shop.run("send", str(EXAMPLES / "purchase-tiktok-2.0.json"))

    assert result.exit_code == 2
    assert "drop-in" in result.stderr


def test_the_pixel_of_the_examples_is_the_settings_one() -> None:
    """The examples name the pixel code that the documentation uses everywhere."""
    assert CODE in (EXAMPLES / "purchase-tiktok-2.0.json").read_text(encoding="utf-8")
