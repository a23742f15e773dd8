"""Due work: rows with a due time that a worker claims, does and strikes off.

Deadlines, calls to providers and mails are rows, never timers: stopping, doubling or killing workers
changes nothing. A claim is a lease; when its holder dies it runs out and another worker takes the row.
What is claimed is done outside any transaction and must be safe to do twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Column, DateTime, Index, Integer, Table, Uuid

from shared import metrics
from shared.cause import NO_CAUSE, Cause, following
from shared.clock import elapsed, now
from shared.database import Database, Tx, is_transient
from shared.ids import new_id
from shared.sql import Row
from shared.together import Together

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
    tx: Tx,
    table: Table,
    *,
    rows_max: int,
    at: datetime,
    lease_seconds: int = LEASE_SECONDS,
    lease: UUID | None = None,
) -> Sequence[Row]:
    """Lease up to ``rows_max`` rows of ``table`` due by ``at`` and return them, one attempt older.

    ``lease`` names the claim, a new name unless given. ``at`` is business time; leases run on the database's
    clock. Write results only where ``lease`` is still the one returned, so that a holder who came too late
    changes nothing.
    """
    [key] = [column.name for column in table.primary_key.columns]
    # An array, which is made once and looked up by key: a plan may run a subquery with a limit more than once, and
    # claim more than was wanted, or take the limit for a large one, and read the whole table.
    return await tx.rows(
        f"UPDATE {table.name} SET lease = :lease, attempts = attempts + 1,"  # noqa: S608 - names are ours
        f" leased_until = now() + make_interval(secs => :seconds)"
        f" WHERE {key} = ANY(ARRAY(SELECT {key} FROM {table.name}"
        f" WHERE due_at <= :at AND (leased_until IS NULL OR leased_until < now())"
        f" ORDER BY due_at LIMIT :rows_max FOR UPDATE SKIP LOCKED)) RETURNING *",
        lease=lease or new_id(),
        seconds=lease_seconds,
        at=at,
        rows_max=rows_max,
    )


async def prolong_lease(tx: Tx, table: Table, lease: UUID, *, at: datetime, seconds: int) -> None:
    """Let what is still held under ``lease``, claimed at ``at``, be held for ``seconds`` from now on."""
    # Due and leased: the index of due rows finds them among millions that are done.
    await tx.execute(
        f"UPDATE {table.name} SET leased_until = now() + make_interval(secs => :seconds)"  # noqa: S608 - names are ours
        f" WHERE due_at <= :at AND lease = :lease",
        seconds=seconds,
        at=at,
        lease=lease,
    )


async def end_leases(tx: Tx, table: Table, leases: Collection[UUID], *, at: datetime) -> None:
    """Let what is held under ``leases``, claimed by ``at``, be claimed again at once."""
    await tx.execute(
        f"UPDATE {table.name} SET leased_until = NULL, lease = NULL"  # noqa: S608 - names are ours
        f" WHERE due_at <= :at AND lease = ANY(CAST(:leases AS uuid[]))",
        at=at,
        leases=list(leases),
    )


def no_cause(_: object) -> Cause:
    """Return the cause of work that follows from nothing but the time."""
    return NO_CAUSE


@dataclass(frozen=True)
class DueWork:
    """A kind of due work: where its rows are and what is done with each.

    ``perform`` gets one claimed row and runs outside any transaction. Where many rows may be due at once, two
    more functions save transactions: ``begin`` runs in the transaction of the claim and returns, for each row
    that is still to be done, what ``perform`` gets in place of it; ``conclude`` writes down what ``perform``
    returned, for all that finished while the last such transaction ran. If it fails for many, it is called
    again for each alone, so it must write nothing before it could fail for a row that is not to blame.

    ``cause`` tells what a thing that is performed follows from; what ``perform`` says and logs carries it.
    ``conclude`` names the cause of each thing itself.

    Whatever raises leaves the row leased until the lease runs out; then it is tried again. A known failure
    should rather be written down with a later ``due_at``. ``failed`` gets what raised for another reason than a
    database that is away, to tell a person and to put it off, in a transaction of its own.
    """

    name: str
    table: Table
    perform: Callable[[Any], Awaitable[Any]]
    begin: Callable[[Tx, Sequence[Row]], Awaitable[Sequence[Any]]] | None = None
    conclude: Callable[[Tx, Sequence[tuple[Any, Any]]], Awaitable[None]] | None = None
    failed: Callable[[Tx, Any], Awaitable[None]] | None = None
    concurrency: int = 10
    lease_seconds: int = LEASE_SECONDS
    # For work that may take longer than the lease: it is prolonged while its holder lives, so that it can be
    # short and the work of a dead holder is taken over soon.
    prolong: bool = False
    cause: Callable[[Any], Cause] = no_cause


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
        self._holding: set[asyncio.Task[None]] = set()
        # Claims of which we do not know whether they were committed; nobody works on what they hold.
        self._doubtful: set[UUID] = set()
        self._conclusions: Together[tuple[Any, Any], None] = Together(self._conclude)
        self.alive_at = elapsed()

    async def run(self) -> None:
        """Claim and perform until :meth:`stop`, then let what is in hand finish."""
        while not self._stopping:
            self.alive_at = elapsed()
            free = self.work.concurrency - len(self._running)
            lease, claimed = await self._claim(free) if free else (None, [])
            tasks = [asyncio.create_task(self._perform(item)) for item in claimed]
            for task in tasks:
                self._running.add(task)
                task.add_done_callback(self._done)
            if self.work.prolong and lease is not None and tasks:
                holding = asyncio.create_task(self._hold(lease, tasks))
                self._holding.add(holding)
                holding.add_done_callback(self._holding.discard)
            if len(claimed) < free or not free:
                await self._sleep()
        if self._running:
            await asyncio.wait(self._running)
        if self._holding:
            await asyncio.wait(self._holding)

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self._wake.set()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def _claim(self, rows_max: int) -> tuple[UUID | None, Sequence[Any]]:
        """Return what is to be performed, and the lease on it."""
        self._wake.clear()
        work, lease, at = self.work, new_id(), now()
        try:
            async with self._db.transaction() as tx:
                if self._doubtful:
                    await end_leases(tx, work.table, self._doubtful, at=at)
                self._doubtful.add(lease)
                rows = await claim_due(
                    tx, work.table, rows_max=rows_max, at=at, lease_seconds=work.lease_seconds, lease=lease
                )
                begun = await work.begin(tx, rows) if rows and work.begin is not None else rows
            self._doubtful.clear()
            return (lease, begun) if rows else (None, [])
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("due.database_unavailable", work=work.name, error=type(error).__name__)
            return None, []

    async def _hold(self, lease: UUID, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Prolong the lease on a claim, thrice in its time, until all that was claimed with it is done."""
        at, pending = now(), set(tasks)
        while True:
            _, pending = await asyncio.wait(pending, timeout=self.work.lease_seconds / 3)
            if not pending:
                return
            try:
                async with self._db.transaction() as tx:
                    await prolong_lease(tx, self.work.table, lease, at=at, seconds=self.work.lease_seconds)
            except Exception as error:
                # A bug is told as well, and no reason to give up: what is not prolonged is done twice.
                if is_transient(error):
                    log.warning("due.not_prolonged", work=self.work.name, error=type(error).__name__)
                else:
                    log.exception("due.not_prolonged", work=self.work.name)

    async def _perform(self, item: Any) -> None:
        with following(self.work.cause(item)):
            await self._perform_one(item)

    async def _perform_one(self, item: Any) -> None:
        try:
            outcome = await self.work.perform(item)
            if self.work.conclude is not None:
                await self._write_down(item, outcome)
            metrics.DUE_WORK.labels(self.work.name, "done").inc()
        except Exception as error:
            metrics.DUE_WORK.labels(self.work.name, "failed").inc()
            if is_transient(error):
                log.warning("due.database_unavailable", work=self.work.name, error=type(error).__name__)
            else:
                log.exception("due.failed", work=self.work.name, item=str(item)[:80])
                await self._tell_failed(item)

    async def _tell_failed(self, item: Any) -> None:
        """Hand over what failed to who can tell a person; if that fails as well, its lease runs out."""
        if self.work.failed is None:
            return
        try:
            async with self._db.transaction() as tx:
                await self.work.failed(tx, item)
        except Exception as error:
            log.warning("due.failure_not_told", work=self.work.name, error=type(error).__name__)

    async def _write_down(self, item: Any, outcome: Any) -> None:
        """Conclude; while the database is away, again and again as long as the lease may last.

        What is known need not be found out anew by the next holder. If a lost commit was done all the same, the
        row is not ours any more, and nothing is written.
        """
        until, pause = elapsed() + self.work.lease_seconds, 0.1
        while True:
            try:
                await self._conclusions.do((item, outcome))
                return
            except Exception as error:
                if not is_transient(error) or self._stopping or elapsed() > until:
                    raise
                log.warning("due.database_unavailable", work=self.work.name, error=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, POLL_SECONDS)

    async def _conclude(self, done: Sequence[tuple[Any, Any]]) -> Sequence[None]:
        assert self.work.conclude is not None
        async with self._db.transaction() as tx:
            await self.work.conclude(tx, done)
        return [None] * len(done)

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
    return changed == 1


async def strike_off_all(tx: Tx, table: Table, rows: Sequence[tuple[Any, UUID, datetime | None]]) -> set[Any]:
    """End the claims on rows given as (primary key, lease, when it is due again); return the keys still ours.

    Write nothing that depends on any other. The rows stay locked until the commit.
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
