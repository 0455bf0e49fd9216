"""The tables, and how an older file becomes a newer one: numbered migrations, each in its own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import apsw

from fullcount.errors import StoreCorrupt
from fullcount.queue import failpoints
from fullcount.queue.failpoints import Failpoint
from fullcount.queue.sqlite.connection import APPLICATION_ID, fetch, store_error

# Bodies stand apart from chunks, so that a lease or a retry rewrites a narrow row and never the events.
FIRST = f"""
PRAGMA application_id={APPLICATION_ID};
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('epoch', 0), ('next_seq', 1);
CREATE TABLE lane (
    id INTEGER PRIMARY KEY,
    pixel_code TEXT NOT NULL,
    event_source TEXT NOT NULL,
    test_event_code TEXT,
    paused TEXT,
    paused_at REAL
);
CREATE TABLE label (id INTEGER PRIMARY KEY, pixel TEXT NOT NULL, event TEXT NOT NULL, source TEXT NOT NULL);
CREATE TABLE chunk (
    lane INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    due_at REAL NOT NULL,
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    first_lost_at REAL,
    overridden INTEGER NOT NULL,
    accepted_at REAL NOT NULL,
    lease_id INTEGER,
    PRIMARY KEY (lane, first_seq)
) WITHOUT ROWID;
CREATE INDEX chunk_due ON chunk (lane, due_at) WHERE lease_id IS NULL;
CREATE TABLE body (first_seq INTEGER PRIMARY KEY, rows BLOB NOT NULL);
CREATE TABLE lease (id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, leased_at REAL NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE held (
    seq INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    lane INTEGER NOT NULL,
    release_at REAL NOT NULL,
    accepted_at REAL NOT NULL,
    row BLOB NOT NULL
);
CREATE INDEX held_release ON held (release_at);
CREATE INDEX held_oldest ON held (lane, accepted_at);
CREATE TABLE keylog (id INTEGER PRIMARY KEY, keys BLOB NOT NULL);
CREATE TABLE control (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    command BLOB NOT NULL,
    asked_at REAL NOT NULL,
    answered_at REAL,
    answer BLOB
);
CREATE INDEX control_open ON control (id) WHERE answered_at IS NULL;
"""

# Who paused a lane: a probe lifts what delivery paused, never what a person did.
SECOND = "ALTER TABLE lane ADD COLUMN paused_by_person INTEGER NOT NULL DEFAULT 0"

# `errand` is a to-do list. `forgetting` names leased deliveries that are dropped unless they are delivered. `visitor`
# and `tie` belong to `fullcount.visitors`, which keeps them in this file so that one commit covers everything.
THIRD = """
CREATE TABLE errand (
    key BLOB PRIMARY KEY,
    source TEXT NOT NULL,
    body BLOB NOT NULL,
    due_at REAL NOT NULL,
    event_id TEXT NOT NULL,
    attempts INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX errand_due ON errand (due_at, key);
CREATE TABLE forgetting (seq INTEGER PRIMARY KEY);
CREATE TABLE visitor (id INTEGER PRIMARY KEY, seen_at REAL NOT NULL, kept BLOB NOT NULL);
CREATE INDEX visitor_seen ON visitor (seen_at);
CREATE TABLE tie (digest BLOB PRIMARY KEY, visitor INTEGER NOT NULL, seen_at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX tie_visitor ON tie (visitor);
"""

# What a person switched a source to, and what its settings said then.
FOURTH = """
CREATE TABLE mode (
    source TEXT PRIMARY KEY,
    mode TEXT NOT NULL,
    instead_of TEXT NOT NULL,
    switched_at REAL NOT NULL
) WITHOUT ROWID;
"""

# Why a leased delivery is to be dropped: its person is forgotten, or said no.
FIFTH = "ALTER TABLE forgetting ADD COLUMN reason TEXT NOT NULL DEFAULT 'purged'"

MIGRATIONS: Sequence[str] = (FIRST, SECOND, THIRD, FOURTH, FIFTH)

# Tables of which there is one for each stretch of time, so that retention drops them whole.
PARTITIONED = {
    "seen": "CREATE TABLE {name} (key BLOB PRIMARY KEY, at INTEGER NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID",
    "journal": "CREATE TABLE {name} (first_seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, lane INTEGER NOT NULL, "
    "accepted_at REAL NOT NULL, held INTEGER NOT NULL, labels BLOB NOT NULL)",
    "attempt": "CREATE TABLE {name} (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, lane INTEGER NOT NULL, "
    "started_at REAL NOT NULL, seconds REAL NOT NULL, events INTEGER NOT NULL, status INTEGER, code INTEGER, "
    "message TEXT NOT NULL, request_id TEXT NOT NULL)",
    "span": "CREATE TABLE {name} (seq_from INTEGER NOT NULL, seq_to INTEGER NOT NULL, at REAL NOT NULL, "
    "attempt TEXT, outcome TEXT NOT NULL, reason TEXT NOT NULL); "
    "CREATE INDEX {name}_seq ON {name} (seq_from)",
    "fact": "CREATE TABLE {name} (key BLOB NOT NULL, at REAL NOT NULL, label INTEGER NOT NULL, event_id TEXT NOT NULL, "
    "outcome TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, seq INTEGER); "
    "CREATE INDEX {name}_key ON {name} (key)",
    "refund": "CREATE TABLE {name} (key BLOB PRIMARY KEY, at REAL NOT NULL, label INTEGER NOT NULL, "
    "event_id TEXT NOT NULL, refund_id TEXT NOT NULL, amount REAL NOT NULL, currency TEXT, made_at REAL NOT NULL) "
    "WITHOUT ROWID; "
    "CREATE INDEX {name}_event_id ON {name} (event_id)",
    "pair": "CREATE TABLE {name} (channel TEXT NOT NULL, source TEXT NOT NULL, pixel TEXT NOT NULL, "
    "event TEXT NOT NULL, key BLOB NOT NULL, event_id TEXT NOT NULL, at REAL NOT NULL, value REAL, currency TEXT)",
    "tally": "CREATE TABLE {name} (minute INTEGER NOT NULL, label INTEGER NOT NULL, outcome TEXT NOT NULL, "
    "reason TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (minute, label, outcome, reason)) WITHOUT ROWID",
    "dead": "CREATE TABLE {name} (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, key BLOB NOT NULL, "
    "lane INTEGER NOT NULL, event_id TEXT NOT NULL, reason TEXT NOT NULL, code INTEGER, message TEXT NOT NULL, "
    "died_at REAL NOT NULL, attempts INTEGER NOT NULL, first_lost_at REAL, overridden INTEGER NOT NULL, "
    "row BLOB NOT NULL); "
    "CREATE INDEX {name}_key ON {name} (key); "
    "CREATE INDEX {name}_event_id ON {name} (event_id); "
    "CREATE INDEX {name}_seq ON {name} (seq)",
}


def schema_version(connection: apsw.Connection) -> int:
    """Return the number of the last migration that this file has seen; 0 for an empty file."""
    return int(fetch(connection, "PRAGMA user_version")[0][0])


def migrate(connection: apsw.Connection, path: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring the file to the newest version, one migration a transaction.

    Raises:
        StoreCorrupt: a newer Fullcount made the file.
        StoreUnavailable: it cannot be written now; the file is as before the migration that failed.
        FullcountError: a migration does not fit the file; it is as before.
    """
    version = schema_version(connection)
    if version > len(migrations):
        raise StoreCorrupt(
            f"the store has version {version}, this Fullcount knows up to {len(migrations)}",
            where=str(path),
            fix="use the newer Fullcount that made it, or name a new file",
        )
    try:
        for number in range(version, len(migrations)):
            with connection:
                connection.execute(migrations[number])
                failpoints.reach(Failpoint.MID_MIGRATION)
                connection.execute(f"PRAGMA user_version={number + 1}")
    except apsw.Error as error:
        raise store_error(error, path) from error
