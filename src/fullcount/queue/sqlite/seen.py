"""The seen window: which keys were accepted, when, and as which delivery.

A key is first written to the key log, one row a group, and kept in memory; later it is moved in key order, in slices of
a few milliseconds, into an index of its window and time. A crash at any point repeats a move, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apsw
import msgspec

from fullcount.clock import DAY_SECONDS
from fullcount.queue import failpoints
from fullcount.queue.failpoints import Failpoint
from fullcount.queue.sqlite.connection import blobs, fetch
from fullcount.queue.sqlite.partitions import Partitions

BUCKETS = 64  # ranges of the first byte, each a slice of one flush: keys are digests, so they spread evenly
BUCKET_WIDTH = 256 // BUCKETS
ROWS_PER_STATEMENT = 250  # SQLite runs them without the interpreter's lock, once a statement


class KeyClaim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entry of the key log. A freed claim takes back this one and every older one of the key."""

    key: bytes
    at: int  # Unix seconds
    seq: int
    window: int  # seconds
    freed: bool = False


_encoder = msgspec.msgpack.Encoder()
_claims = msgspec.msgpack.Decoder(list[KeyClaim])


def family_of(window: int) -> str:
    """Return the partitions' family of a window."""
    return f"seen_{window}"


def partition_seconds(window: int) -> int:
    """Return how much time one partition of a window covers: half of it, so that few are looked into."""
    return max(1, window // 2)


class Seen:
    """The claims of every key, in the store and, as far as they are young, in memory."""

    def __init__(self, connection: apsw.Connection, partitions: Partitions) -> None:
        self._connection = connection
        self._partitions = partitions
        self._buckets: list[dict[bytes, KeyClaim]] = [{} for _ in range(BUCKETS)]
        self._fresh: list[KeyClaim] = []
        self._last_log_id = 0
        for log_id, keys in connection.execute("SELECT id, keys FROM keylog ORDER BY id"):
            for claim in decode_claims(keys):
                self._bucket(claim.key)[claim.key] = claim
            self._last_log_id = log_id

    @property
    def pending(self) -> int:
        """How many keys are not in the index yet."""
        return sum(len(bucket) for bucket in self._buckets)

    def within(self, window: int, keys: Sequence[bytes], second: int) -> set[bytes]:
        """Return those of the keys that were claimed less than `window` seconds before `second`."""
        found: set[bytes] = set()
        unknown = []
        since = second - window
        buckets = self._buckets
        for key in keys:
            claim = buckets[key[0] // BUCKET_WIDTH].get(key)
            if claim is None:
                unknown.append(key)
            elif not claim.freed and claim.at > since:
                found.add(key)
        if unknown:
            found.update(key for key, at, _ in self._indexed(window, unknown, since) if at > since)
        return found

    def current(self, window: int, key: bytes) -> tuple[int, int] | None:
        """Return when the newest claim of a key was made (Unix seconds) and its seq; None if it is free."""
        claim = self._bucket(key).get(key)
        if claim is not None:
            return None if claim.freed else (claim.at, claim.seq)
        indexed = self._indexed(window, [key], 0)
        return max(((at, seq) for _, at, seq in indexed), default=None)

    def holders(self, keys: Sequence[bytes]) -> dict[bytes, KeyClaim]:
        """Return the newest claim of each of these keys, even one whose window is over; free keys are left out."""
        found: dict[bytes, KeyClaim] = {}
        unknown = []
        for key in keys:
            claim = self._bucket(key).get(key)
            if claim is None:
                unknown.append(key)
            elif not claim.freed:
                found[key] = claim
        for family in self._partitions.families("seen") if unknown else ():
            window = int(family.partition("_")[2])
            for key, at, seq in self._indexed(window, unknown, 0):
                if key not in found or (at, seq) > (found[key].at, found[key].seq):
                    found[key] = KeyClaim(key, at, seq, window)
        return found

    def claim(self, claims: Sequence[KeyClaim]) -> None:
        """Remember these claims; they are stored by `write_log`."""
        buckets = self._buckets
        for claim in claims:
            key = claim.key
            buckets[key[0] // BUCKET_WIDTH][key] = claim
        self._fresh += claims

    def free(self, window: int, key: bytes, seq: int, second: int) -> None:
        """Take back the claim of a delivery, unless another one has the key by now."""
        current = self.current(window, key)
        if current is not None and current[1] == seq:
            self.claim([KeyClaim(key, second, seq, window, freed=True)])

    def write_log(self) -> int:
        """Store what was claimed in this group; return how many keys."""
        fresh = self._fresh
        if fresh:
            self._last_log_id += 1
            self._connection.execute("INSERT INTO keylog VALUES (?, ?)", (self._last_log_id, _encoder.encode(fresh)))
            self._fresh = []
        return len(fresh)

    def flush(self) -> Iterator[int]:
        """Move the keys into the index, bucket by bucket; each step yields how many it moved."""
        upto = self._last_log_id
        for number in range(BUCKETS):
            moved = self._buckets[number]
            self._move(sorted(moved.values(), key=_by_key))
            # A key claimed again meanwhile is in the log behind `upto`; here its claim was moved as well.
            self._buckets[number] = {}
            if number == BUCKETS // 2:
                failpoints.reach(Failpoint.MID_SEEN_FLUSH)
            if number < BUCKETS - 1:
                yield len(moved)
        self._connection.execute("DELETE FROM keylog WHERE id <= ?", (upto,))
        yield len(moved)

    def _move(self, claims: Sequence[KeyClaim]) -> None:
        by_table: dict[str, list[int | bytes]] = {}
        for claim in claims:
            family = family_of(claim.window)
            if claim.freed:
                self._unindex(family, claim)
                continue
            table = self._partitions.table(family, claim.at // partition_seconds(claim.window))
            by_table.setdefault(table, []).extend((claim.key, claim.at, claim.seq))
        for table, values in by_table.items():
            step = ROWS_PER_STATEMENT * 3
            for start in range(0, len(values), step):
                part = values[start : start + step]
                marks = ",".join(["(?,?,?)"] * (len(part) // 3))
                self._connection.execute(f"INSERT OR REPLACE INTO {table} VALUES {marks}", part)

    def _unindex(self, family: str, claim: KeyClaim) -> None:
        for table in self._partitions.existing(family):
            self._connection.execute(f"DELETE FROM {table} WHERE key = ?", (claim.key,))

    def _indexed(self, window: int, keys: Sequence[bytes], since: int) -> list[tuple[bytes, int, int]]:
        found: list[tuple[bytes, int, int]] = []
        lowest = max(0, since) // partition_seconds(window)
        for table in self._partitions.existing(family_of(window), lowest):
            found += fetch(
                self._connection,
                f"SELECT key, at, seq FROM carray(?) AS asked CROSS JOIN {table} ON key = asked.value",
                (blobs(keys),),
            )
        return found

    def _bucket(self, key: bytes) -> dict[bytes, KeyClaim]:
        return self._buckets[key[0] // BUCKET_WIDTH]


def seen_lowest(window: int, now: float, retention_days: int) -> int:
    """Return the oldest partition of a window that is still needed: by the window, or to find an event's timeline."""
    kept_seconds = max(window, retention_days * DAY_SECONDS)
    return max(0, int(now) - kept_seconds) // partition_seconds(window)


def decode_claims(keys: bytes) -> list[KeyClaim]:
    """Return the claims of a row of the key log."""
    return _claims.decode(keys)


def _by_key(claim: KeyClaim) -> bytes:
    return claim.key
