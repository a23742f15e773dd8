"""The order's timeline: everything that happened around it, who did it, and when. Rows only grow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select

from checkout.orders.tables import timeline
from shared.bulk import insert_all
from shared.database import Tx
from shared.sql import Row

Topic = Literal["order", "payment", "points", "mail", "shipping", "member", "note"]
Kind = Literal["done", "wait", "stop", "note", "plain"]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of a timeline. ``by`` is a person or a service; ``facts`` feed the blocks of the page."""

    order_code: str
    at: datetime
    topic: Topic
    kind: Kind
    title: str
    by: str
    text: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
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


async def timeline_of(tx: Tx, code: str) -> Sequence[Row]:
    """Return the whole timeline of an order, newest first."""
    return await tx.rows(
        select(timeline)
        .where(timeline.c.order_code == code)
        .order_by(timeline.c.at.desc(), timeline.c.entry_id.desc())
    )
