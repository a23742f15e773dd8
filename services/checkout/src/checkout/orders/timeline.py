"""The order's timeline: everything that happened around it, who did it, and when. Rows only grow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from checkout.orders.tables import timeline
from shared.database.bulk import insert_all
from shared.database.transactions import Tx

Topic = Literal["order", "payment", "points", "mail", "shipping", "member", "note"]
Kind = Literal["done", "wait", "stop", "note", "plain"]
Line = tuple[Topic, Kind, str, str, Mapping[str, object]]
"""Topic, kind, title, text and facts of an entry that tells an event."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of a timeline. ``by`` is a person or a service; ``facts`` are what it is about."""

    order_code: str
    at: datetime
    topic: Topic
    kind: Kind
    title: str
    by: str
    text: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    event_id: UUID | None = None


async def add_entries(tx: Tx, entries: Sequence[TimelineEntry]) -> None:
    """Add ``entries``, whose orders must exist."""
    await insert_all(
        tx,
        timeline,
        [
            {
                "order_code": one.order_code,
                "at": one.at,
                "topic": one.topic,
                "kind": one.kind,
                "title": one.title,
                "text": one.text,
                "by": one.by,
                "facts": one.facts,
                "event_id": one.event_id,
            }
            for one in entries
        ],
    )


async def known_orders(tx: Tx, codes: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return which of ``codes`` are orders of ours, each with the words that we call staff by."""
    found = await tx.rows(
        "SELECT code, own_calls FROM orders WHERE code = ANY(:codes)", codes=list(set(codes))
    )
    return {row.code: row.own_calls for row in found}


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One line of a timeline as pages show it; ``reason``: a provider's own word for a refusal, if it gave one."""

    at: datetime
    topic: Topic
    kind: Kind
    title: str
    text: str
    by: str
    reason: str | None


async def timeline_of(tx: Tx, code: str) -> list[StoredEntry]:
    """Return the whole timeline of an order, newest first."""
    return await tx.read(
        StoredEntry,
        "SELECT at, topic, kind, title, text, \"by\", facts->>'reason' AS reason FROM timeline"
        " WHERE order_code = :code ORDER BY at DESC, entry_id DESC",
        code=code,
    )
