"""Due work: rows with a due time that a worker claims, does and strikes off.

Deadlines, calls to providers and mails are rows, never timers: stopping, doubling or killing workers
changes nothing. A claim is a lease; when its holder dies it runs out and another worker takes the row.
What is claimed is done outside any transaction and must be safe to do twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Column, DateTime, Index, Integer, Row, Table, Uuid

from shared import metrics
from shared.clock import elapsed, now
from shared.database import Database, Tx, is_transient
from shared.ids import new_id

log = structlog.get_logger()

POLL_SECONDS = 1.0
LEASE_SECONDS = 30


def due_columns() -> list[Column[Any]]:
    """Return the columns that make rows claimable: ``due_at`` is NULL once there is nothing left to do."""
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
    tx: Tx, table: Table, *, rows_max: int, at: datetime, lease_seconds: int = LEASE_SECONDS
) -> Sequence[Row[Any]]:
    """Lease up to ``rows_max`` rows of ``table`` due by ``at`` and return them, one attempt older.

    ``at`` is business time; leases run on the database's clock. Write results only where ``lease`` is
    still the one returned, so that a holder who came too late changes nothing.
    """
    key = ", ".join(column.name for column in table.primary_key.columns)
    return await tx.rows(
        f"UPDATE {table.name} SET lease = :lease, attempts = attempts + 1,"  # noqa: S608 - names are ours
        f" leased_until = now() + make_interval(secs => :seconds)"
        f" WHERE ({key}) IN (SELECT {key} FROM {table.name}"
        f" WHERE due_at <= :at AND (leased_until IS NULL OR leased_until < now())"
        f" ORDER BY due_at LIMIT :rows_max FOR UPDATE SKIP LOCKED) RETURNING *",
        lease=new_id(),
        seconds=lease_seconds,
        at=at,
        rows_max=rows_max,
    )


@dataclass(frozen=True)
class DueWork:
    """A kind of due work: where its rows are and what is done with each.

    ``perform`` gets one claimed row. If it raises, the row stays leased until the lease runs out and is
    then tried again; a known failure should rather be written down with a later ``due_at``.
    """

    name: str
    table: Table
    perform: Callable[[Row[Any]], Awaitable[None]]
    concurrency: int = 10
    lease_seconds: int = LEASE_SECONDS


class DueRunner:
    """Performs one kind of due work until stopped. Run any number of them.

    It is woken where work is written down, and looks every ``poll_seconds`` for what nobody woke it for.
    """

    def __init__(self, work: DueWork, db: Database, *, poll_seconds: float = POLL_SECONDS) -> None:
        self.work = work
        self._db = db
        self._poll_seconds = poll_seconds
        self._wake = db.waker(work.name)
        self._stopping = False
        self._running: set[asyncio.Task[None]] = set()
        self.alive_at = elapsed()

    async def run(self) -> None:
        """Claim and perform until :meth:`stop`, then let what is in hand finish."""
        while not self._stopping:
            self.alive_at = elapsed()
            free = self.work.concurrency - len(self._running)
            claimed = await self._claim(free) if free else []
            for row in claimed:
                task = asyncio.create_task(self._perform(row))
                self._running.add(task)
                task.add_done_callback(self._done)
            if len(claimed) < free or not free:
                await self._sleep()
        if self._running:
            await asyncio.wait(self._running)

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self._wake.set()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def _claim(self, rows_max: int) -> Sequence[Row[Any]]:
        self._wake.clear()
        try:
            async with self._db.transaction() as tx:
                return await claim_due(
                    tx, self.work.table, rows_max=rows_max, at=now(), lease_seconds=self.work.lease_seconds
                )
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("due.database_unavailable", work=self.work.name, error=type(error).__name__)
            return []

    async def _perform(self, row: Row[Any]) -> None:
        try:
            await self.work.perform(row)
            metrics.DUE_WORK.labels(self.work.name, "done").inc()
        except Exception as error:
            metrics.DUE_WORK.labels(self.work.name, "failed").inc()
            if is_transient(error):
                log.warning("due.database_unavailable", work=self.work.name, error=type(error).__name__)
            else:
                log.exception("due.failed", work=self.work.name, key=str(row[0]), attempts=row.attempts)

    async def _sleep(self) -> None:
        if self._stopping:
            return
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        # Heard, also when no hand is free to claim: else every next wait would end at once, and this loop
        # would keep everything else in the process from running.
        self._wake.clear()


async def strike_off(tx: Tx, table: Table, key: Any, lease: UUID, *, due_at: datetime | None = None) -> bool:
    """End the claim on the row with primary key ``key``: nothing more to do, or again at ``due_at``.

    Returns False if the lease is no longer ours; then write nothing that depends on it.
    """
    [column] = table.primary_key.columns
    changed = await tx.execute(
        f"UPDATE {table.name} SET due_at = :due_at, leased_until = NULL, lease = NULL"  # noqa: S608 - names are ours
        f" WHERE {column.name} = :key AND lease = :lease",
        due_at=due_at,
        key=key,
        lease=lease,
    )
    return changed.rowcount == 1
