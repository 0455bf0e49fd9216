"""The client of `POST /v1/events`, against real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.unit.cli.scripted_gateway import Gateway

from fullcount.cli.gateway_client import MAX_TRIES, GatewayClient, Taken
from fullcount.errors import ConfigError, DestinationError, StoreUnavailable


@pytest.fixture
def waited() -> list[float]:
    """Return how long the client was told to wait, each time."""
    return []


@pytest.fixture
def client(gateway: Gateway, waited: list[float]) -> Iterator[GatewayClient]:
    """Return a client of it that waits in no time."""
    made = GatewayClient(gateway.url, "test-key", wait=waited.append)
    yield made
    made.close()


TAKEN = b'{"accepted":1,"duplicates":1,"merged":0,"withheld":0,"event_ids":["a","b"],"rejected":[]}'


def test_events_and_test_code_go_in_one_envelope(gateway: Gateway, client: GatewayClient) -> None:
    """The key travels as a bearer, the events as they are, the test code beside them."""
    gateway.script = [(202, {}, TAKEN)]
    taken = client.post([b'{"event":"Purchase"}', b'{"event":"Lead"}'], "TEST12345")

    assert gateway.got == [{"events": [{"event": "Purchase"}, {"event": "Lead"}], "test_event_code": "TEST12345"}]
    assert gateway.keys == ["Bearer test-key"]
    assert taken == Taken(1, 1, 0, 0, ("a", "b"), ())


def test_a_refused_request_is_read_like_a_taken_one(gateway: Gateway, client: GatewayClient) -> None:
    """422 says of each event why."""
    problem = {"path": "event_time", "reason": "too old", "fix": "send it sooner"}
    answer = {"accepted": 0, "event_ids": [None], "rejected": [{"index": 0, "problems": [problem]}]}
    gateway.script = [(422, {}, json.dumps(answer).encode())]

    assert client.post([b"{}"]).rejected[0].problems[0].reason == "too old"


def test_a_full_store_is_waited_for(gateway: Gateway, client: GatewayClient, waited: list[float]) -> None:
    """503 is tried again after what Retry-After says, at most half a minute."""
    gateway.script = [(503, {"Retry-After": "3"}, b""), (503, {"Retry-After": "900"}, b""), (202, {}, TAKEN)]

    assert client.post([b"{}"]).accepted == 1
    assert waited == [3.0, 30.0]
    assert gateway.got[0] == gateway.got[2]


def test_waiting_has_an_end(gateway: Gateway, client: GatewayClient, waited: list[float]) -> None:
    """A gateway that never can store is given up on, with its reason."""
    gateway.script = [(503, {}, b'{"error":{"reason":"the disk is full","fix":"free some"}}')]

    with pytest.raises(StoreUnavailable, match="the disk is full"):
        client.post([b"{}"])
    assert len(gateway.got) == len(waited) == MAX_TRIES


def test_a_connection_that_broke_is_made_anew(gateway: Gateway, client: GatewayClient) -> None:
    """A gateway that was restarted between two requests is found again; what it has already is a duplicate."""
    gateway.script = [(0, {}, b""), (202, {}, TAKEN)]

    assert client.post([b"{}"]).accepted == 1
    assert len(gateway.got) == 2


def test_no_gateway_names_the_command_that_starts_one(gateway: Gateway) -> None:
    """Where nobody listens, the fix is `fullcount serve`."""
    url = gateway.url
    gateway.server_close()
    with pytest.raises(DestinationError, match="fullcount serve"):
        GatewayClient(url, "test-key").post([b"{}"])
    assert gateway.got == []


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, b'{"error":{"reason":"no source has this key"}}', "not one of a source"),
        (403, b'{"rejected":[{"index":0,"problems":[{"reason":"not your pixel"}]}]}', "not your pixel"),
        (404, b"Not Found", "address of fullcount serve"),
        (500, b"", "no reason given"),
        (299, b"", "HTTP 299"),
        (200, b"<html>", "not that of a gateway"),
    ],
)
def test_an_answer_that_ends_it_says_why(
    gateway: Gateway, client: GatewayClient, status: int, body: bytes, said: str
) -> None:
    """A wrong key, a wrong address or a stranger's answer stops the sending, and never shows the key."""
    gateway.script = [(status, {}, body)]
    with pytest.raises(DestinationError) as caught:
        client.post([b"{}"])

    assert said in str(caught.value)
    assert "test-key" not in str(caught.value)


def test_a_request_that_cannot_be_read_rejects_its_events(gateway: Gateway, client: GatewayClient) -> None:
    """400 and 413 cost the events of that request, with the gateway's reason, masked."""
    gateway.script = [(400, {}, b'{"error":{"reason":"value of customer@example.com"}}')]
    taken = client.post([b"{}", b"{}"])

    assert [each.index for each in taken.rejected] == [0, 1]
    assert taken.rejected[0].problems[0].reason == "value of [email]"


def test_a_refused_key_has_one_fix(gateway: Gateway, client: GatewayClient) -> None:
    """The gateway's reason with the fix of this side, since who sends names the key by an option."""
    gateway.script = [(401, {}, b'{"error":{"reason":"no source has this key","fix":"put it into the header"}}')]
    with pytest.raises(DestinationError) as caught:
        client.post([b"{}"])

    assert caught.value.what == "HTTP 401: no source has this key"
    assert "--key" in caught.value.fix


def test_a_refusal_that_is_known_to_the_gateway_alone_keeps_its_fix(gateway: Gateway, client: GatewayClient) -> None:
    """What this side has no better fix for is passed on."""
    gateway.script = [(415, {}, b'{"error":{"reason":"no such type","fix":"send JSON"}}')]
    with pytest.raises(DestinationError) as caught:
        client.post([b"{}"])

    assert caught.value.fix == "send JSON"


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """The address has a scheme and a host."""
    with pytest.raises(ConfigError, match="write it as http"):
        GatewayClient(url, "test-key")


@pytest.mark.parametrize("url", ["http://[x", "http://127.0.0.1:99999", "127.0.0.1:8080", "http://127.0.0.1:9\n"])
def test_an_address_that_cannot_be_used_is_refused_at_once(url: str) -> None:
    """Brackets that do not close, a port that no host has: the option is named and nothing is tried."""
    with pytest.raises(ConfigError, match="--url: not an address"):
        GatewayClient(url, "test-key")


def test_a_path_that_no_request_can_hold_is_said_like_a_gateway_that_is_not_there(gateway: Gateway) -> None:
    """What the HTTP client cannot write down is an error of ours with its fix, not a traceback."""
    with pytest.raises(DestinationError, match="no gateway answers"):
        GatewayClient(f"{gateway.url}/prefix-ü", "test-key").post([b"{}"])
