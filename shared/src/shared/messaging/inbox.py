"""The inbox: the table of the events that each consumer has handled. Its row is the first insert of the transaction.

Another table, ``replays``, records replayed dead letters: which, when, and by whom.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, MetaData, Table, Text, Uuid, func

from shared.messaging.dead_letter_headers import Death

if TYPE_CHECKING:
    from shared.database.transactions import Tx


def inbox_table(metadata: MetaData) -> Table:
    """Declare the tables ``inbox`` and ``replays`` of one service."""
    _replays_table(metadata)
    table = Table(
        "inbox",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        Column("heard_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )
    Index("inbox_heard_at", table.c.heard_at, postgresql_using="brin")
    return table


def _replays_table(metadata: MetaData) -> None:
    Table(
        "replays",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        # From the headers of the dead letter. A message that dies and is replayed again gets another row.
        Column("died_at", Text, primary_key=True),
        Column("died_of", Text, nullable=False),
        # Empty if somebody moved the letter by hand in the broker's console.
        Column("replayed_by", Text, nullable=False),
        Column("heard_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        info={"append_only": True},
    )


async def insert_replay(tx: "Tx", consumer: str, event_id: UUID, death: Death) -> bool:
    """Store that an event was replayed after ``death``; return False if that was stored before."""
    written = await tx.execute(
        "INSERT INTO replays (consumer, event_id, died_at, died_of, replayed_by)"
        " VALUES (:consumer, :event_id, :died_at, :died_of, :replayed_by) ON CONFLICT DO NOTHING",
        consumer=consumer,
        event_id=event_id,
        died_at=death.at,
        died_of=death.of,
        replayed_by=death.replayed_by,
    )
    return written == 1


async def insert_inbox(tx: "Tx", consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Store that ``consumer`` handles ``event_ids``; return those that it had not handled before.

    There is no check before the insert. Two replicas with the same event conflict at the primary key, and the second
    waits for the commit of the first.
    """
    fresh = await tx.rows(
        "INSERT INTO inbox (consumer, event_id) SELECT :consumer, * FROM unnest(CAST(:ids AS uuid[]))"
        " ON CONFLICT DO NOTHING RETURNING event_id",
        consumer=consumer,
        ids=sorted(set(event_ids)),
    )
    return {row.event_id for row in fresh}


async def forget_heard(tx: "Tx", *, days: int = 90, rows_max: int = 5000) -> int:
    """Delete up to ``rows_max`` rows handled more than ``days`` days ago; return how many.

    Retries end after some hours, and a dead letter is to be replayed within this time. Money also has its own unique
    keys.
    """
    return await tx.execute(
        "DELETE FROM inbox WHERE (consumer, event_id) IN (SELECT consumer, event_id FROM inbox"
        " WHERE heard_at < now() - make_interval(days => :days) LIMIT :rows_max)",
        days=days,
        rows_max=rows_max,
    )
