"""The rows of due work: the columns of a claimable row, and how a claim is made, prolonged and ended.

A claim is a lease. A worker that writes a result checks that the row still has the lease (:mod:`shared.due.work`).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, Integer, Table, Uuid

from shared.database.sql import columns_of
from shared.database.transactions import Tx
from shared.ids import new_id

LEASE_SECONDS = 30


def due_columns() -> list[Column[Any]]:
    """Return the columns that make rows claimable. ``due_at`` is NULL once nothing is left to do."""
    return [
        Column("due_at", DateTime(timezone=True)),
        Column("leased_until", DateTime(timezone=True)),
        Column("lease", Uuid),
        Column("attempts", Integer, nullable=False, server_default="0"),
    ]


def due_index(table: Table) -> Index:
    """Declare the partial index that finds due rows of ``table``."""
    return Index(f"{table.name}_due", table.c.due_at, postgresql_where=table.c.due_at.is_not(None))


async def claim_due(
    tx: Tx,
    table: Table,
    *,
    rows_max: int,
    at: datetime,
    lease_seconds: int = LEASE_SECONDS,
    lease: UUID | None = None,
    kind: type[Any] | None = None,
) -> Sequence[Any]:
    """Lease up to ``rows_max`` rows of ``table`` due by ``at``, count an attempt on each, and return them.

    ``kind`` is the dataclass of a returned row; without it they are whole rows (:class:`shared.database.sql.Row`).
    ``lease`` is the id of the claim, a new one unless given. ``at`` is on the shop's clock; leases run on the
    database's clock. Write results only if the row still has the returned ``lease``, so that a worker that was too slow
    changes nothing.
    """
    [key] = [column.name for column in table.primary_key.columns]
    # The subquery is an array, which PostgreSQL makes once and looks up by key. A plan may run a plain subquery with a
    # limit several times and claim too many rows, or expect a large limit and scan the whole table.
    columns = "*" if kind is None else columns_of(kind)
    rows = await tx.rows(
        f"UPDATE {table.name} SET lease = :lease, attempts = attempts + 1,"  # noqa: S608 - names are ours
        f" leased_until = now() + make_interval(secs => :seconds)"
        f" WHERE {key} = ANY(ARRAY(SELECT {key} FROM {table.name}"
        f" WHERE due_at <= :at AND (leased_until IS NULL OR leased_until < now())"
        f" ORDER BY due_at LIMIT :rows_max FOR UPDATE SKIP LOCKED)) RETURNING {columns}",
        lease=lease or new_id(),
        seconds=lease_seconds,
        at=at,
        rows_max=rows_max,
    )
    return rows if kind is None else [kind(**row) for row in rows]


async def prolong_lease(tx: Tx, table: Table, lease: UUID, *, at: datetime, seconds: int) -> None:
    """Prolong ``lease``, whose rows were claimed at ``at``: it ends ``seconds`` from now."""
    # The condition on due_at lets the index of due rows find them among millions that are done.
    await tx.execute(
        f"UPDATE {table.name} SET leased_until = now() + make_interval(secs => :seconds)"  # noqa: S608 - names are ours
        f" WHERE due_at <= :at AND lease = :lease",
        seconds=seconds,
        at=at,
        lease=lease,
    )


async def end_leases(tx: Tx, table: Table, leases: Collection[UUID], *, at: datetime) -> None:
    """End ``leases``, whose rows were claimed by ``at``, so that the rows can be claimed again at once."""
    await tx.execute(
        f"UPDATE {table.name} SET leased_until = NULL, lease = NULL"  # noqa: S608 - names are ours
        f" WHERE due_at <= :at AND lease = ANY(CAST(:leases AS uuid[]))",
        at=at,
        leases=list(leases),
    )


async def strike_off(tx: Tx, table: Table, key: Any, lease: UUID, *, due_at: datetime | None = None) -> bool:
    """Complete the claimed row with primary key ``key``. It is done, or due again at ``due_at``.

    Returns False if another worker has claimed the row; then write nothing that depends on it.
    """
    [column] = table.primary_key.columns
    changed = await tx.execute(
        f"UPDATE {table.name} SET due_at = :due_at, leased_until = NULL, lease = NULL"  # noqa: S608 - names are ours
        f" WHERE {column.name} = :key AND lease = :lease",
        due_at=due_at,
        key=key,
        lease=lease,
    )
    return changed == 1


async def strike_off_all(tx: Tx, table: Table, rows: Sequence[tuple[Any, UUID, datetime | None]]) -> set[Any]:
    """Complete claimed rows, given as (primary key, lease, next due time).

    Return the keys with a valid claim. Write nothing that depends on the other rows. The rows stay locked until the
    commit.
    """
    [column] = table.primary_key.columns
    kind = "uuid" if isinstance(column.type, Uuid) else "text"
    struck = await tx.rows(
        f"UPDATE {table.name} AS t SET due_at = d.due_at, leased_until = NULL, lease = NULL"  # noqa: S608 - names are ours
        f" FROM unnest(CAST(:keys AS {kind}[]), CAST(:leases AS uuid[]), CAST(:due AS timestamptz[]))"
        f" AS d(key, lease, due_at) WHERE t.{column.name} = ANY(CAST(:keys AS {kind}[]))"
        f" AND t.{column.name} = d.key AND t.lease = d.lease RETURNING d.key",
        keys=[key for key, _, _ in rows],
        leases=[lease for _, lease, _ in rows],
        due=[due_at for _, _, due_at in rows],
    )
    return {row.key for row in struck}
