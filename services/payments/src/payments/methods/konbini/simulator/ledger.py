"""The simulator's own facts: an append-only ledger in SQLite, from which the state of every number follows."""

import json
import random
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from shared.clock import now
from shared.ids import new_id

_SCHEMA = """
create table if not exists entries (
  entry integer primary key, at text not null, kind text not null, number_id text not null,
  key text unique, facts text not null);
create index if not exists entries_by_number on entries (number_id);
create table if not exists notices (
  notice_id text primary key, body text not null, due_at text, tries integer not null default 0,
  answer text not null default '');
create table if not exists moods (operation text primary key, mood text not null);
"""

Facts = dict[str, Any]


class Refusal(Exception):
    """The company refuses. ``code`` is its reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Ledger:
    """Numbers, receipts, refunds and notices. There is one connection, and no code awaits inside."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "konbini.sqlite", isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def entries(self) -> list[Facts]:
        """Return the whole ledger, oldest first."""
        rows = self._db.execute("select * from entries order by entry")
        return [
            {"entry": r["entry"], "at": r["at"], "kind": r["kind"], "number_id": r["number_id"]}
            | json.loads(r["facts"])
            for r in rows
        ]

    def issue(self, wish: Mapping[str, Any], *, key: str) -> Facts:
        """Issue a number, once for each key and each reference."""
        known = self._of_key(key) or self.by_reference(str(wish["reference"]))
        if known is not None:
            return known
        at = now()
        digits = f"{random.randrange(10**10, 10**11)}"  # noqa: S311 - a demo's number
        facts = {
            "reference": str(wish["reference"]),
            "amount": int(wish["amount"]),
            "payer_name": str(wish.get("payer_name", "")),
            "number_11": digits,
            "number_13": f"{random.randrange(10, 100)}{digits}",  # noqa: S311
            "due_at": (at + timedelta(days=int(wish["due_days"]))).isoformat(),
        }
        number_id = f"kn_{new_id().hex}"
        self._add("issued", number_id, facts, key=key, at=at)
        return self.number(number_id)

    def number(self, number_id: str) -> Facts:
        """Return a number with its receipts and refunds. Raises Refusal if there is none."""
        rows = self._db.execute(
            "select * from entries where number_id = ? order by entry", (number_id,)
        ).fetchall()
        if not rows:
            raise Refusal("not_found")
        story: Facts = {"number_id": number_id, "receipts": [], "refunds": [], "closed_at": None}
        for row in rows:
            facts = json.loads(row["facts"])
            match row["kind"]:
                case "issued":
                    story |= facts | {"issued_at": row["at"]}
                case "paid":
                    story["receipts"].append(facts | {"paid_at": row["at"]})
                case "reversed":
                    taken_back = facts["receipt_id"]
                    for receipt in story["receipts"]:
                        if receipt["receipt_id"] == taken_back:
                            receipt["reversed_at"] = row["at"]
                case "refunded":
                    story["refunds"].append(facts)
                case "closed":
                    story["closed_at"] = story["closed_at"] or row["at"]
        return story

    def by_reference(self, reference: str) -> Facts | None:
        """Return the number of a reference, if there is one."""
        return self._first("kind = 'issued' and json_extract(facts, '$.reference') = ?", reference)

    def numbers(self, limit: int = 100) -> list[Facts]:
        """Return the newest numbers."""
        rows = self._db.execute(
            "select number_id from entries where kind = 'issued' order by entry desc limit ?", (limit,)
        ).fetchall()
        return [self.number(row["number_id"]) for row in rows]

    def pay(self, number_id: str, amount: int | None = None) -> Facts:
        """Accept money at a till, even after the deadline. Return the receipt."""
        story = self.number(number_id)
        receipt = {
            "receipt_id": f"kr_{new_id().hex}",
            "amount": story["amount"] if amount is None else amount,
        }
        self._add("paid", number_id, receipt)
        return receipt

    def reverse(self, number_id: str) -> Facts:
        """Let the till take the last receipt back (速報取消). Return it. Raises Refusal if there is none."""
        story = self.number(number_id)
        standing = [one for one in story["receipts"] if "reversed_at" not in one]
        if not standing:
            raise Refusal("nothing_paid")
        taken_back = {name: standing[-1][name] for name in ("receipt_id", "amount")}
        self._add("reversed", number_id, taken_back)
        return taken_back

    def close_number(self, number_id: str) -> Facts:
        """Close a number to further payments. Closing it again changes nothing."""
        story = self.number(number_id)
        if story["closed_at"] is None and all("reversed_at" in one for one in story["receipts"]):
            self._add("closed", number_id, {})
        return self.number(number_id)

    def refund(self, number_id: str, wish: Mapping[str, Any], *, key: str) -> Facts:
        """Refund, once for each key, and never more than was paid."""
        story = self.number(number_id)
        if self._of_key(key) is None:
            paid = sum(one["amount"] for one in story["receipts"] if "reversed_at" not in one)
            back = sum(one["amount"] for one in story["refunds"])
            if back + int(wish["amount"]) > paid:
                raise Refusal("more_than_paid")
            facts = {
                "refund_id": f"kf_{new_id().hex}",
                "amount": int(wish["amount"]),
                "route": str(wish["route"]),
            }
            self._add("refunded", number_id, facts, key=key)
        return self.number(number_id)

    def write_notice(self, number_id: str, receipt: Facts, *, kind: str = "paid") -> str:
        """Store a notice about a receipt, paid or reversed, to be sent. Return its id."""
        story = self.number(number_id)
        notice_id = f"kt_{new_id().hex}"
        body = {
            "notice_id": notice_id,
            "kind": kind,
            "reference": story["reference"],
            "number_id": number_id,
            "receipt_id": receipt["receipt_id"],
            "amount": receipt["amount"],
        }
        self._db.execute(
            "insert into notices (notice_id, body, due_at) values (?, ?, ?)",
            (notice_id, json.dumps(body), now().isoformat()),
        )
        return notice_id

    def notices(self, *, due: bool = False) -> list[Facts]:
        """Return all notices, newest first, or only those that are due now."""
        where = "where due_at <= ?" if due else "where ? is not null"
        rows = self._db.execute(
            f"select * from notices {where} order by notice_id desc",  # noqa: S608 - one of two texts
            (now().isoformat(),),
        )
        return [dict(row) for row in rows]

    def send_again(self, notice_id: str) -> None:
        """Make a notice due once more."""
        self._db.execute("update notices set due_at = ? where notice_id = ?", (now().isoformat(), notice_id))

    def note_sent(self, notice_id: str, answer: str, *, again_in_seconds: float | None) -> None:
        """Record the shop's answer to a notice."""
        later = None if again_in_seconds is None else now() + timedelta(seconds=again_in_seconds)
        self._db.execute(
            "update notices set tries = tries + 1, answer = ?, due_at = ? where notice_id = ?",
            (answer, later.isoformat() if later else None, notice_id),
        )

    def set_mood(self, operation: str, mood: str) -> None:
        """Set how the next call of ``operation`` (issue, close, refund, look_up) fails."""
        self._db.execute("insert or replace into moods values (?, ?)", (operation, mood))

    def take_mood(self, operation: str) -> str:
        """Return how this call fails, if it does. The next call does not fail any more."""
        rows = self._db.execute(
            "delete from moods where operation = ? returning mood", (operation,)
        ).fetchall()
        return str(rows[0]["mood"]) if rows else ""

    def _of_key(self, key: str) -> Facts | None:
        return self._first("key = ?", key) if key else None

    def _first(self, where: str, value: str) -> Facts | None:
        row = self._db.execute(
            f"select number_id from entries where {where} limit 1",  # noqa: S608 - ours
            (value,),
        ).fetchone()
        return self.number(row["number_id"]) if row else None

    def _add(
        self, kind: str, number_id: str, facts: Facts, *, key: str | None = None, at: datetime | None = None
    ) -> None:
        self._db.execute(
            "insert into entries (at, kind, number_id, key, facts) values (?, ?, ?, ?, ?)",
            ((at or now()).isoformat(), kind, number_id, key or None, json.dumps(facts)),
        )
