"""The outbox: a table of events, each stored by the transaction that caused it.

The relay sets ``published_at`` after the broker's confirm. Published rows stay for days, so that the broker never
has the only copy of an event; :func:`forget_sent` deletes old ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, MetaData, Table, Text, Uuid, func

from shared.clock import elapsed
from shared.events import Event

if TYPE_CHECKING:
    from shared.database.transactions import Tx

LEASE_SECONDS = 10
WAKE_CHANNEL = "outbox"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One event on its way to the broker.

    ``seq`` is 0 until the row is stored. ``written_at`` is the time of storing, on the clock of :func:`elapsed`.
    """

    seq: int
    event_id: UUID
    type: str
    correlation: str
    body: str
    headers: str
    occurred_at: datetime
    written_at: float = 0.0


def outbox_table(metadata: MetaData) -> Table:
    """Declare the ``outbox`` table of one service."""
    table = Table(
        "outbox",
        metadata,
        Column("seq", BigInteger, Identity(), primary_key=True),
        Column("event_id", Uuid, nullable=False, unique=True),
        Column("type", Text, nullable=False),
        Column("correlation", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("headers", Text, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("leased_until", DateTime(timezone=True)),
        Column("published_at", DateTime(timezone=True)),
    )
    # The index stays small, because it contains only unsent rows.
    Index("outbox_unsent", table.c.seq, postgresql_where=table.c.published_at.is_(None))
    return table


def outbox_rows(said: Sequence[Event], *, shop: str) -> list[OutboxRow]:
    """Turn events into rows."""
    rows = []
    for event in said:
        headers: dict[str, Any] = {"shop": shop, "traceparent": event.traceparent}
        if event.caused_by is not None:
            headers["causation_id"] = str(event.caused_by)
        rows.append(
            OutboxRow(
                seq=0,
                event_id=event.event_id,
                type=event.type,
                correlation=event.correlation,
                body=event.model_dump_json(),
                headers=orjson.dumps(headers).decode(),
                occurred_at=event.occurred_at,
            )
        )
    return rows


_INSERT = f"""
    INSERT INTO outbox (event_id, type, correlation, body, headers, occurred_at, created_at, leased_until)
    SELECT e.*, clock_timestamp(), CASE WHEN :leased THEN now() + interval '{LEASE_SECONDS} seconds' END
    FROM unnest(CAST(:event_ids AS uuid[]), CAST(:types AS text[]), CAST(:correlations AS text[]),
                CAST(:bodies AS text[]), CAST(:headers AS text[]), CAST(:occurred AS timestamptz[])) AS e
    RETURNING seq, event_id
"""  # noqa: S608 - the only interpolation is a constant


async def insert_outbox(tx: "Tx", rows: Sequence[OutboxRow], *, leased: bool) -> list[OutboxRow]:
    """Store ``rows``. With ``leased``, only the relay of this process may publish them for the next seconds."""
    stored = await tx.rows_at_last(
        _INSERT,
        leased=leased,
        event_ids=[row.event_id for row in rows],
        types=[row.type for row in rows],
        correlations=[row.correlation for row in rows],
        bodies=[row.body for row in rows],
        headers=[row.headers for row in rows],
        occurred=[row.occurred_at for row in rows],
    )
    if not leased:
        await tx.execute(f"NOTIFY {WAKE_CHANNEL}")
    seq_of = {row.event_id: row.seq for row in stored}
    at = elapsed()
    return [replace(row, seq=seq_of[row.event_id], written_at=at) for row in rows]


# The condition is not "seq greater than the last": a smaller seq may commit later.
# The subquery is an array for the reason that shared/due/work.py gives.
_CLAIM = f"""
    UPDATE outbox SET leased_until = now() + interval '{LEASE_SECONDS} seconds'
    WHERE seq = ANY(ARRAY(SELECT seq FROM outbox
                          WHERE published_at IS NULL AND (leased_until IS NULL OR leased_until < now())
                          ORDER BY seq LIMIT :rows_max FOR UPDATE SKIP LOCKED))
    RETURNING seq, event_id, type, correlation, body, headers, occurred_at,
              CAST(:at AS float8) - CAST(extract(epoch FROM clock_timestamp() - created_at) AS float8)
"""  # noqa: S608 - the only interpolation is a constant


async def claim_unsent(tx: "Tx", *, rows_max: int) -> list[OutboxRow]:
    """Lease up to ``rows_max`` unsent rows that no other relay has leased, oldest first."""
    claimed = await tx.rows(_CLAIM, rows_max=rows_max, at=elapsed())
    return sorted((OutboxRow(*tuple(row)) for row in claimed), key=lambda row: row.seq)


async def mark_published(tx: "Tx", seqs: Sequence[int], seconds_ago: Sequence[float] | None = None) -> None:
    """Mark rows as published: each at its number of ``seconds_ago`` before now, or at the present moment without it."""
    await tx.execute(
        "UPDATE outbox AS o SET published_at = now() - make_interval(secs => m.ago)"
        " FROM unnest(CAST(:seqs AS bigint[]), CAST(:ago AS float8[])) AS m(seq, ago)"
        " WHERE o.seq = ANY(CAST(:seqs AS bigint[])) AND o.seq = m.seq",
        seqs=list(seqs),
        ago=list(seconds_ago) if seconds_ago is not None else [0.0] * len(seqs),
    )


async def oldest_unsent_seconds(tx: "Tx") -> float:
    """Return the age of the oldest unsent row in seconds, 0 if there is none."""
    age = await tx.value(
        "SELECT extract(epoch FROM now() - min(created_at)) FROM outbox WHERE published_at IS NULL"
    )
    return float(age or 0)


async def forget_sent(tx: "Tx", *, days: int = 7, rows_max: int = 5000) -> int:
    """Delete up to ``rows_max`` rows that were confirmed more than ``days`` days ago; return how many."""
    return await tx.execute(
        "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox"
        " WHERE published_at < now() - make_interval(days => :days) ORDER BY seq LIMIT :rows_max)",
        days=days,
        rows_max=rows_max,
    )
