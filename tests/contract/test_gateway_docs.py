"""docs/api.md says what is so: each of its examples is sent, in its order, and answered as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
from prometheus_client.parser import text_string_to_metric_families
from tests.contract.gateway_house import SETTINGS, served

from fullcount.config.settings import Source
from fullcount.gateway.app import DROP_IN_PATHS, EVENTS_PATH

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLE = re.compile(r"```http\n(.*?)```\n```json (\d+)\n(.*?)```", re.DOTALL)


def matches(answer: Any, shown: Any) -> bool:
    """Whether an answer is as shown; "..." in the docs stands for anything."""
    if isinstance(shown, dict):
        return isinstance(answer, dict) and answer.keys() == shown.keys() and all(map(matches, *paired(answer, shown)))
    return shown == "..." or bool(answer == shown)


def paired(answer: dict[str, Any], shown: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Return both objects' values, by the same keys."""
    return [answer[key] for key in shown], list(shown.values())


async def test_every_example_is_answered_as_it_says() -> None:
    """Requests of the documentation get the answers of the documentation."""
    settings = msgspec.structs.replace(
        SETTINGS, sources=(Source(name="backend", key="backend-key-test", pixels=("store",)),)
    )
    examples = EXAMPLE.findall(DOCS.read_text(encoding="utf-8"))
    async with served(settings, now=1_795_357_900.0) as house:
        for request, status, shown in examples:
            head, _, body = request.partition("\n\n")
            first, *lines = head.strip().splitlines()
            method, path = first.split()
            headers = dict(line.split(": ", 1) for line in lines)
            answer = await house.ask(method, path, data=body.strip().encode(), headers=headers)
            assert answer.status == int(status), request
            assert matches(answer.json, json.loads(shown)), f"{request}\n{answer.body.decode()}"

    assert len(examples) >= 8


async def test_every_route_and_metric_is_documented() -> None:
    """What the service has stands in the tables."""
    text = DOCS.read_text(encoding="utf-8")
    async with served() as house:
        metrics = (await house.ask("GET", "/metrics")).body.decode()

    names = [family.name for family in text_string_to_metric_families(metrics) if family.name.startswith("fullcount")]
    assert len(names) >= 10
    assert [name for name in names if f"`{name}" not in text] == []
    assert [path for path in (EVENTS_PATH, *DROP_IN_PATHS, "/healthz", "/readyz", "/metrics") if path not in text] == []
