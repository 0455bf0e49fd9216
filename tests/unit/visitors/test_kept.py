"""The merge rules: the same in any order, and the same however often something is said."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullcount.visitors.kept import MOST_HASHES, MOST_TELLERS, Kept, encode_kept, keep, merge_kept, readable_kept, told
from fullcount.visitors.memory import Memory, fill_memory

NOW = 1_795_000_000.0
MONTH_SECONDS = 30 * 86_400.0
ALICE, BOB = b"visitor-a", b"visitor-b"


def _fold(parts: list[Kept]) -> Kept:
    folded = parts[0]
    for part in parts[1:]:
        folded = merge_kept(folded, part)
    return folded


_times = st.sampled_from([NOW - 300, NOW - 200, NOW - 100, NOW])
_texts = st.sampled_from([None, "a", "b", "c"])
_hashes = st.lists(st.sampled_from(["1" * 64, "2" * 64, "3" * 64]), unique=True, max_size=2).map(tuple)
memories = st.builds(
    Memory,
    seen_at=_times,
    ttclid=_texts,
    clicked_at=st.one_of(st.none(), _times),
    ttp=_texts,
    ip=st.sampled_from([None, "203.0.113.1", "203.0.113.2"]),
    user_agent=_texts,
    landing_url=_texts,
    country=_texts,
    consent=st.sampled_from([None, "granted", "denied", "opt_out", "limited", "what?", "unknown"]),
    consent_at=st.one_of(st.none(), _times),
    consent_version=_texts,
    email=_hashes,
    phone=_hashes,
)
_kept = st.builds(keep, memories, st.sampled_from([ALICE, BOB, b"visitor-c"]), st.just(NOW))
_merged = st.lists(_kept, min_size=1, max_size=3).map(_fold)


def _told(*said: tuple[Memory, bytes], now: float = NOW) -> Memory:
    return told(_fold([keep(memory, teller, now) for memory, teller in said]), now, MONTH_SECONDS)


@given(_merged, _merged)
def test_merging_is_the_same_either_way_round(one: Kept, other: Kept) -> None:
    """Who came first makes no difference."""
    assert merge_kept(one, other) == merge_kept(other, one)


@given(_merged, _merged, _merged)
def test_merging_is_the_same_in_any_grouping(one: Kept, other: Kept, third: Kept) -> None:
    """Three visitors become one in any order of joining."""
    assert merge_kept(merge_kept(one, other), third) == merge_kept(one, merge_kept(other, third))


@given(_merged)
def test_saying_it_twice_is_saying_it_once(one: Kept) -> None:
    """A repeated request changes nothing, and the stored form says what it said."""
    assert merge_kept(one, one) == one
    assert readable_kept(encode_kept(one)) == one


@given(_merged, _kept)
def test_a_merge_never_allows_more_than_another_teller_did(known: Kept, new: Kept) -> None:
    """What one visitor refused, no other visitor's word lifts."""
    of_others = [answer for answer in known.answers if answer.teller not in {each.teller for each in new.answers}]
    before = told(msgspec.structs.replace(known, answers=tuple(of_others)), NOW, MONTH_SECONDS)
    after = told(merge_kept(known, new), NOW, MONTH_SECONDS)
    assert fill_memory(after, before).consent == after.consent


def test_the_newest_click_wins_by_its_own_time() -> None:
    """A click that is heard of late does not replace a newer one, and its time stays with it."""
    newer = Memory(seen_at=NOW - 50, ttclid="E.C.P.new", clicked_at=NOW - 60)
    late = Memory(seen_at=NOW, ttclid="E.C.P.old", clicked_at=NOW - 500, ip="203.0.113.9")
    both = _told((newer, ALICE), (late, ALICE))
    assert (both.ttclid, both.clicked_at, both.ip) == ("E.C.P.new", NOW - 60, "203.0.113.9")


def test_a_click_without_a_time_gives_way_to_one_that_has_one() -> None:
    """Nobody knows how old it is; among such the one that was seen last counts."""
    undated = Memory(seen_at=NOW, ttclid="E.C.P.undated")
    dated = Memory(seen_at=NOW - 50, ttclid="E.C.P.dated", clicked_at=NOW - 60)
    older = Memory(seen_at=NOW - 90, ttclid="E.C.P.older")
    assert _told((undated, ALICE), (dated, ALICE)).ttclid == "E.C.P.dated"
    assert _told((undated, ALICE), (older, ALICE)).ttclid == "E.C.P.undated"


def test_a_click_is_told_for_its_time_only() -> None:
    """A visitor who comes every day does not keep an old click alive."""
    click = keep(Memory(ttclid="E.C.P.test", clicked_at=NOW - 10), ALICE, NOW)
    later = NOW + MONTH_SECONDS - 10
    visit = keep(Memory(ip="203.0.113.1"), ALICE, later)
    assert told(merge_kept(click, visit), later - 1, MONTH_SECONDS).ttclid == "E.C.P.test"
    assert told(merge_kept(click, visit), later, MONTH_SECONDS).ttclid is None


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ((Memory(consent="granted", consent_at=NOW - 10, consent_version="2"), ALICE), ("granted", NOW - 10, "2")),
        ((Memory(consent="granted", consent_at=NOW - 10), BOB), ("denied", NOW - 20, "1")),
        ((Memory(consent="granted", consent_at=NOW - 30), ALICE), ("denied", NOW - 20, "1")),
        ((Memory(consent="granted", consent_at=NOW - 20), ALICE), ("denied", NOW - 20, "1")),
        ((Memory(consent="granted"), ALICE), ("denied", NOW - 20, "1")),
        ((Memory(consent="unknown", consent_at=NOW), ALICE), ("denied", NOW - 20, "1")),
        ((Memory(consent="opt_out"), ALICE), ("opt_out", NOW, None)),
    ],
    ids=["later", "another visitor", "earlier", "at once", "without a time", "says nothing", "refused without a time"],
)
def test_what_lifts_a_refusal(second: tuple[Memory, bytes], expected: tuple[str, float, str | None]) -> None:
    """The same visitor's own later grant, with its time, and nothing else."""
    refused = (Memory(consent="denied", consent_at=NOW - 20, consent_version="1"), ALICE)
    for order in ((refused, second), (second, refused)):
        memory = _told(*order)
        assert (memory.consent, memory.consent_at, memory.consent_version) == expected


def test_hashes_are_united_and_bounded() -> None:
    """Of many addresses the newest are kept, the newest first."""
    said = [(Memory(seen_at=NOW - 100 + n, email=(f"{n:064x}",)), ALICE) for n in range(MOST_HASHES + 4)]
    assert _told(*said).email == tuple(f"{n:064x}" for n in range(MOST_HASHES + 3, 3, -1))


def test_of_too_many_tellers_the_refusal_stays() -> None:
    """However many visitors are joined, the strictest answer is never dropped."""
    said = [(Memory(consent="denied", consent_at=NOW - 900), ALICE)]
    said += [(Memory(consent="granted", consent_at=NOW - n), b"visitor %d" % n) for n in range(3 * MOST_TELLERS)]
    kept = _fold([keep(memory, teller, NOW) for memory, teller in said])
    assert len(kept.answers) == MOST_TELLERS
    assert told(kept, NOW, MONTH_SECONDS).consent == "denied"


def test_nothing_is_younger_than_now() -> None:
    """A sender whose clock runs ahead wins no more than one whose clock is right."""
    memory = _told((Memory(seen_at=NOW + 900, ttclid="E.C.P.test", clicked_at=NOW + 500), ALICE))
    assert (memory.seen_at, memory.clicked_at) == (NOW, NOW)
    refused = Memory(consent="denied", consent_at=NOW)
    assert _told((Memory(consent="granted", consent_at=NOW + 900), ALICE), (refused, ALICE)).consent == "denied"


def test_a_repr_names_nobody() -> None:
    """Neither the plain form nor the kept one shows what it holds."""
    memory = Memory(ttclid="E.C.P.test", ip="203.0.113.1", email=("a" * 64,), user_agent="test browser")
    kept = keep(memory, ALICE, NOW)
    shown = repr(memory) + repr(kept) + repr(kept.click)
    assert not any(word in shown for word in ("E.C.P", "203.0", "aaaa", "browser"))


@pytest.mark.parametrize("stored", [b"", b"\xc1", b"\x91\xa1x", b"\x93\xcb\x00\x00"])
def test_what_cannot_be_read_is_nobody(stored: bytes) -> None:
    """A damaged row costs that row alone."""
    assert readable_kept(stored) is None
