"""The data of the simulator, in one SQLite file that survives a kill.

`entries` is the ledger of money: rows are only added, and triggers refuse anything else. `objects` has the present
state of sessions, permissions, charges and refunds. Both change in one transaction.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shared import clock

Document = dict[str, Any]

SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = full;
create table if not exists entries (
    number integer primary key autoincrement, at text not null, kind text not null, amount integer not null,
    merchant_reference_id text, charge_permission_id text, charge_id text, refund_id text,
    idempotency_key text, source text not null, reason text);
create trigger if not exists entries_are_never_changed before update on entries
    begin select raise(abort, 'the ledger is append-only'); end;
create trigger if not exists entries_are_never_removed before delete on entries
    begin select raise(abort, 'the ledger is append-only'); end;
create table if not exists calls (
    number integer primary key autoincrement, at text not null, operation text not null, path text not null,
    idempotency_key text, status integer, reason_code text, behaviour text);
create table if not exists objects (
    id text primary key, kind text not null, number integer not null, api text not null, own text not null,
    due_at text);
create index if not exists objects_by_kind on objects (kind, number);
create index if not exists objects_by_due on objects (due_at) where due_at is not null;
create table if not exists answers (
    idempotency_key text primary key, fingerprint text not null, status integer not null, body text not null);
create table if not exists behaviours (
    number integer primary key autoincrement, target text not null, operation text not null,
    name text not null);
create table if not exists notices (
    number integer primary key autoincrement, at text not null, object_id text not null,
    message_id text not null, message text not null, flavour text not null, due_at text not null,
    tries integer not null default 0, state text not null, last_answer text);
create table if not exists switches (name text primary key, value text not null);
"""


@dataclass(slots=True)
class Thing:
    """A stored object: `api` is what the API shows, `own` is what only the simulator knows.

    `own["due"]` is the next moment at which time changes it, or absent.
    """

    id: str
    kind: str
    api: Document
    own: Document


class Transaction:
    """Reads and writes inside one SQLite transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.now: datetime = clock.now()

    def run(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """Run one statement and return its rows."""
        return self._connection.execute(statement, values).fetchall()

    def find(self, identifier: str, kind: str) -> Thing | None:
        """Return the object with this id, if it is of this kind."""
        rows = self.run("select * from objects where id = ? and kind = ?", identifier, kind)
        return _thing(rows[0]) if rows else None

    def newest(self, kind: str, limit: int = 1000) -> list[Thing]:
        """Return the newest objects of a kind, newest first."""
        rows = self.run("select * from objects where kind = ? order by number desc limit ?", kind, limit)
        return [_thing(row) for row in rows]

    def due(self) -> list[Thing]:
        """Return the objects that time changes now."""
        rows = self.run("select * from objects where due_at <= ? order by due_at", moment(self.now))
        return [_thing(row) for row in rows]

    def save(self, thing: Thing) -> None:
        """Store the object in its present state."""
        self.run(
            "insert into objects values (?, ?, (select coalesce(max(number), 0) + 1 from objects), ?, ?, ?)"
            " on conflict (id) do update"
            " set api = excluded.api, own = excluded.own, due_at = excluded.due_at",
            thing.id,
            thing.kind,
            json.dumps(thing.api, ensure_ascii=False),
            json.dumps(thing.own, ensure_ascii=False),
            thing.own.get("due"),
        )

    def record(self, kind: str, amount: int, *, source: str, **facts: str | None) -> None:
        """Add a row to the ledger of money: `amount` in yen, `source` is api, console or amazon."""
        columns = ["at", "kind", "amount", "source", *facts]
        self.run(
            f"insert into entries ({', '.join(columns)}) values ({', '.join('?' * len(columns))})",  # noqa: S608
            moment(self.now),
            kind,
            amount,
            source,
            *facts.values(),
        )

    def switch(self, name: str, default: str) -> str:
        """Return a choice made on the console, or `default`."""
        rows = self.run("select value from switches where name = ?", name)
        return str(rows[0]["value"]) if rows else default

    def turn(self, name: str, value: str) -> None:
        """Store a choice."""
        self.run("insert or replace into switches values (?, ?)", name, value)


def moment(at: datetime) -> str:
    """Return a moment as stored: UTC, always of the same length, so that text order is time order."""
    return at.isoformat(timespec="microseconds")


def _thing(row: sqlite3.Row) -> Thing:
    return Thing(row["id"], row["kind"], json.loads(row["api"]), json.loads(row["own"]))


class Store:
    """The SQLite file. All work uses one connection, with one transaction at a time."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction. The caller must not await inside."""
        self._connection.execute("begin immediate")
        try:
            yield Transaction(self._connection)
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
