"""Which deliveries are taken as sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fullcount.ledger.pair_reading import read_pairs
from fullcount.queue.copies import Channel, Copies, Copy
from fullcount.queue.records import TimelineRow

NOON = 1_795_089_600.0
KEYS = {name: name.encode().ljust(16, b"\0") for name in ("waits", "dead", "left", "before")}


class Ledger:
    """A reader of four deliveries: one waits, one died, one left before a refusal came, one was refused before."""

    def __init__(self) -> None:
        self.asked: tuple[float, float, str] | None = None

    def copies(self, since: float, until: float, pixel: str = "") -> Copies:
        """Remember what was asked for."""
        self.asked = (since, until, pixel)
        ours = [Copy(Channel.SERVER, "shop", "store", "Purchase", key, name, NOON) for name, key in KEYS.items()]
        page = Copy(Channel.PIXEL, "pages", "store", "Purchase", KEYS["dead"], "dead", NOON)
        return Copies((*ours, page), is_cut=True)

    def ended_unsent(self, keys: Sequence[bytes]) -> Mapping[bytes, float]:
        """Three of them have an end that is no delivery."""
        assert set(keys) == set(KEYS.values())
        return {KEYS["dead"]: NOON + 5, KEYS["left"]: NOON + 9, KEYS["before"]: NOON - 5}

    def timeline_rows(self, keys: Sequence[bytes]) -> Mapping[bytes, Sequence[TimelineRow]]:
        """One was delivered all the same."""
        assert KEYS["before"] not in keys
        return {
            KEYS["dead"]: [TimelineRow(at=NOON + 5, what="dead")],
            KEYS["left"]: [TimelineRow(at=NOON + 1, what="delivered"), TimelineRow(at=NOON + 9, what="withheld")],
        }


def test_only_what_ended_without_leaving_is_taken_out() -> None:
    """A refusal that came after the delivery, or before it was taken again, withheld another copy."""
    ledger = Ledger()
    kept = read_pairs(ledger, NOON, NOON + 60, "store")

    assert kept.unsent == {KEYS["dead"]}
    assert set(kept.known_pixels) == {"store"}
    assert (kept.is_cut, len(kept.copies)) == (True, 5)
    assert ledger.asked == (NOON - 48 * 3_600, NOON + 60, "store")
