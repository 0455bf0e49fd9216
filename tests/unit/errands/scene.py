"""A runner over the queue in memory, a clock that tests move, and a platform that answers by script."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.unit.sources.fixtures import CODE, FOLDER, NOW

from fullcount.clock import ManualClock
from fullcount.config.decode import decode
from fullcount.config.load import completed
from fullcount.config.settings import Settings
from fullcount.errands.asking import Answered, Reply, Unheard
from fullcount.errands.owner import owners_of
from fullcount.errands.runner import Runner
from fullcount.pipeline.pipeline import Pipeline
from fullcount.queue.entry import Errand
from fullcount.queue.keys import errand_key
from fullcount.queue.memory import MemoryQueue
from fullcount.sources.fetching import Question, keep_notice

SHOP = {"kind": "bigcommerce", "api_token": "test-token", "store_hash": "fixture1", "consent": "sender_vouches"}
ORDER: dict[str, Any] = json.loads((FOLDER / "bigcommerce" / "api_order_v2.json").read_bytes())
DOWN = Unheard("no answer: ClientConnectorError")


def found(body: object, status: int = 200) -> Answered:
    """Return an answer with this JSON."""
    return Answered(status, json.dumps(body).encode())


def settings_of(*names: str, **options: Any) -> Settings:
    """Return settings with a BigCommerce source of each name, and one of another kind."""
    shops = [{"name": name, "key": f"test-key-{name}", "pixels": ["store"], **SHOP, **options} for name in names]
    own = {"name": "backend", "key": "test-key-backend", "pixels": ["store"]}
    pixel = {"name": "store", "code": CODE, "access_token": "test-token"}
    return completed(decode({"pixels": [pixel], "sources": [*shops, own]}, {}), Path())


class ScriptedAsker:
    """Answers each question by the first rule whose words stand in its address; keeps what was asked."""

    def __init__(self) -> None:
        self.rules: list[tuple[str, Reply | Callable[[], Reply]]] = []
        self.asked: deque[str] = deque()
        self.is_closed = False

    def answer(self, words: str, reply: Reply | Callable[[], Reply]) -> None:
        """Answer addresses with these words so from now on."""
        self.rules.insert(0, (words, reply))

    async def ask(self, question: Question, /) -> Reply:
        """Answer by the rules; nobody is there if none fits."""
        self.asked.append(question.url)
        for words, reply in self.rules:
            if words in question.url:
                return reply if isinstance(reply, Answered | Unheard) else reply()
        return DOWN

    async def close(self) -> None:
        """Note that it was closed."""
        self.is_closed = True


class Heard:
    """An observer that keeps what it heard."""

    def __init__(self) -> None:
        self.lines: list[tuple[Any, ...]] = []

    def ended(self, source: str, attempts: int) -> None:
        """Keep it."""
        self.lines.append(("ended", source, attempts))

    def postponed(self, source: str, errands: int, why: str, wait_seconds: float) -> None:
        """Keep it."""
        self.lines.append(("postponed", source, errands, why, wait_seconds))

    def gave_up(self, source: str, why: str) -> None:
        """Keep it."""
        self.lines.append(("gave up", source, why))

    def broke(self, source: str, error: Exception) -> None:
        """Keep it."""
        self.lines.append(("broke", source, type(error).__name__))


class Scene:
    """A runner and everything around it."""

    def __init__(
        self,
        *names: str,
        queue: MemoryQueue | None = None,
        clock: ManualClock | None = None,
        asker: ScriptedAsker | None = None,
        is_observed: bool = True,
    ) -> None:
        self.clock = clock or ManualClock(NOW)
        self.queue = queue or MemoryQueue(self.clock)
        self.asker = asker or ScriptedAsker()
        self.heard = Heard()
        self.runner = Runner(
            self.queue,
            Pipeline(self.queue, self.clock),
            self.clock,
            self.asker,
            owners_of(settings_of(*(names or ("shop",))), NOW),
            observer=self.heard if is_observed else None,
            random=lambda: 1.0,
        )

    async def notice(
        self, order: int = 250, source: str = "shop", scope: str = "store/order/created", body: bytes | None = None
    ) -> bytes:
        """Keep a notice of an order; return its errand's key."""
        said = json.dumps({"scope": scope, "thing_id": str(order)}).encode()
        key = errand_key(source, f"{scope} {order}")
        kept = keep_notice(said, self.clock.now()) if body is None else body
        await self.queue.accept((), (Errand(key, source, kept, self.clock.now(), event_id=str(order)),))
        return key

    def sell(self, order: int = 250, **changes: Any) -> None:
        """Let the platform have an order, and an empty list of its products."""
        self.asker.answer(f"/orders/{order}", found({**ORDER, "id": order, **changes}))
        self.asker.answer(f"/orders/{order}/products", Answered(204))

    @property
    def waiting(self) -> list[Errand]:
        """Every errand, due or not."""
        return list(self.queue.errands.values())
