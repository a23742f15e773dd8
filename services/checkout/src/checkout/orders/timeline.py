"""The timeline of an order: each fact with its person and time. Rows are only added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from checkout.orders.tables import timeline
from shared.database.bulk import insert_all
from shared.database.transactions import Tx
from shared.shop.labels import Mark

Topic = Literal["order", "payment", "points", "mail", "shipping", "member", "note"]
TimelineLine = tuple[Topic, Mark, str, str, Mapping[str, object]]
"""Topic, kind, title, text and facts of an entry about an event."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry of a timeline. ``by`` is a person or a service; ``facts`` are its data."""

    order_code: str
    at: datetime
    topic: Topic
    kind: Mark
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
    """Return the existing orders of ``codes``, each with its own calls for staff."""
    found = await tx.rows(
        "SELECT code, own_calls FROM orders WHERE code = ANY(:codes)", codes=list(set(codes))
    )
    return {row.code: row.own_calls for row in found}


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry of a timeline as pages show it. ``reason`` is the provider's own text for a refusal, if any."""

    at: datetime
    topic: Topic
    kind: Mark
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
