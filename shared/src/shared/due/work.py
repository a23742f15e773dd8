"""Due work: a worker claims rows with a due time, performs them and ends the claim.

Deadlines, calls to providers and mails are rows, not timers, so workers may be stopped, doubled or killed. A claim is a
lease: if its holder dies, the lease runs out and another worker claims the row. Claimed work runs outside any
transaction and must be safe to do twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Table

from shared import metrics
from shared.cause import NO_CAUSE, Cause, following
from shared.clock import elapsed, now
from shared.database.group_commit import GroupCommit
from shared.database.transactions import Database, Tx
from shared.database.transient import is_transient
from shared.due.linger import Linger
from shared.due.rows import LEASE_SECONDS, claim_due, end_leases, prolong_lease
from shared.ids import new_id

log = structlog.get_logger()

POLL_SECONDS = 1.0


def no_cause(_: object) -> Cause:
    """Return NO_CAUSE, for work that only its due time started."""
    return NO_CAUSE


@dataclass(frozen=True)
class DueWork:
    """A kind of due work: the table of its rows, and the functions that process them.

    ``kind`` is the dataclass of a claimed row: its fields are the columns that the work needs. Without it a claimed row
    is a whole one (:class:`shared.database.sql.Row`). ``perform`` gets one claimed row and runs outside any
    transaction.

    Two more functions save transactions if many rows may be due at once. ``begin`` runs in the transaction of the
    claim. It returns an item for each row to process, and ``perform`` gets the item in place of the row. ``conclude``
    stores the results of all items that finished while the last such transaction ran. If it fails for several, it is
    called again for each alone. A bad item then fails alone. It must have no effect outside its transaction.

    ``linger_seconds`` is the longest time that a result waits for those of other running items. A single item does not
    wait. If all workers are busy, the first free one waits as long for others, so that one claim takes several rows.

    ``cause`` returns the cause of an item; events and log lines of ``perform`` carry it. ``conclude`` names the cause
    of each item itself.

    After an error the row stays leased until the lease expires, and is then retried. Store a known failure with a later
    ``due_at`` instead. ``failed`` is called after any error except an unavailable database, in its own transaction
    and with the item and the error. It calls staff and puts the item off.
    """

    name: str
    table: Table
    perform: Callable[[Any], Awaitable[Any]]
    begin: Callable[[Tx, Sequence[Any]], Awaitable[Sequence[Any]]] | None = None
    conclude: Callable[[Tx, Sequence[tuple[Any, Any]]], Awaitable[None]] | None = None
    failed: Callable[[Tx, Any, Exception], Awaitable[None]] | None = None
    concurrency: int = 10
    linger_seconds: float = 0.0
    lease_seconds: int = LEASE_SECONDS
    # For work that may take longer than its lease: the worker prolongs the lease while it lives. The lease can then be
    # short, and another worker takes over soon after a death.
    prolong: bool = False
    cause: Callable[[Any], Cause] = no_cause
    kind: type[Any] | None = None

    async def claim(self, tx: Tx, *, rows_max: int, at: datetime, lease: UUID | None = None) -> Sequence[Any]:
        """Lease up to ``rows_max`` rows due by ``at``. Return them in the form that the work declares."""
        return await claim_due(
            tx,
            self.table,
            rows_max=rows_max,
            at=at,
            lease_seconds=self.lease_seconds,
            lease=lease,
            kind=self.kind,
        )


class DueRunner:
    """Performs one kind of due work until stopped. Run any number of them.

    ``Tx.wake`` wakes it when work is stored in this process; every ``poll_seconds`` it looks for other due rows.
    """

    def __init__(self, work: DueWork, db: Database, *, poll_seconds: float = POLL_SECONDS) -> None:
        self.work = work
        self._db = db
        self._poll_seconds = poll_seconds
        self._wake = db.waker(work.name)
        self._stopping = False
        self._all_busy = False
        self._running: set[asyncio.Task[None]] = set()
        self._holding: set[asyncio.Task[None]] = set()
        # Claims whose commit got no answer. If the commit took place, nobody processes their rows.
        self._doubtful: set[UUID] = set()
        self._linger = Linger(work.linger_seconds)
        self._conclusions: GroupCommit[tuple[Any, Any], None] = GroupCommit(self._conclude)
        self.alive_at = elapsed()

    async def run(self) -> None:
        """Claim and perform until :meth:`stop`, then finish the items in progress."""
        while not self._stopping:
            self.alive_at = elapsed()
            free = self.work.concurrency - len(self._running)
            self._all_busy = not free
            lease, claimed, maybe_more = await self._claim(free) if free else (None, (), False)
            tasks = [asyncio.create_task(self._perform(item)) for item in claimed]
            for task in tasks:
                self._running.add(task)
                task.add_done_callback(self._done)
            if self.work.prolong and lease is not None and tasks:
                holding = asyncio.create_task(self._hold(lease, tasks))
                self._holding.add(holding)
                holding.add_done_callback(self._holding.discard)
            if not maybe_more:
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
        if not self._all_busy:
            # No row waits for a free task, so there are no more rows to claim.
            return
        free = self.work.concurrency - len(self._running)
        if free * 4 >= self.work.concurrency:
            self._wake.set()
        elif free == 1:
            # The first free task waits for others, so that one claim takes several rows.
            asyncio.get_running_loop().call_later(self.work.linger_seconds, self._wake.set)

    async def _claim(self, rows_max: int) -> tuple[UUID | None, Sequence[Any], bool]:
        """Return the lease, the items to perform, and whether more rows may be due than the free workers took."""
        self._wake.clear()
        work, lease, at = self.work, new_id(), now()
        try:
            async with self._db.transaction() as tx:
                if self._doubtful:
                    await end_leases(tx, work.table, self._doubtful, at=at)
                self._doubtful.add(lease)
                rows = await work.claim(tx, rows_max=rows_max, at=at, lease=lease)
                begun = await work.begin(tx, rows) if rows and work.begin is not None else rows
            self._doubtful.clear()
            return (lease, begun, len(rows) == rows_max) if rows else (None, (), False)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("due.database_unavailable", work=work.name, error=type(error).__name__)
            return None, (), False

    async def _hold(self, lease: UUID, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Prolong the lease after each third of its time, until all items of the claim are done."""
        at, pending = now(), set(tasks)
        while True:
            _, pending = await asyncio.wait(pending, timeout=self.work.lease_seconds / 3)
            if not pending:
                return
            try:
                async with self._db.transaction() as tx:
                    await prolong_lease(tx, self.work.table, lease, at=at, seconds=self.work.lease_seconds)
            except Exception as error:
                # An error is logged and does not end the loop. If a lease is not prolonged, the work is done twice.
                if is_transient(error):
                    log.warning("due.not_prolonged", work=self.work.name, error=type(error).__name__)
                else:
                    log.exception("due.not_prolonged", work=self.work.name)

    async def _perform(self, item: Any) -> None:
        with following(self.work.cause(item)):
            await self._perform_one(item)

    async def _perform_one(self, item: Any) -> None:
        try:
            with self._linger.under_way():
                outcome = await self.work.perform(item)
            if self.work.conclude is not None:
                await self._linger.gather()
                await self._write_down(item, outcome)
            metrics.DUE_WORK.labels(self.work.name, "done").inc()
        except Exception as error:
            metrics.DUE_WORK.labels(self.work.name, "failed").inc()
            if is_transient(error):
                log.warning("due.database_unavailable", work=self.work.name, error=type(error).__name__)
            else:
                log.exception("due.failed", work=self.work.name, item=str(item)[:80])
                await self._tell_failed(item, error)

    async def _tell_failed(self, item: Any, error: Exception) -> None:
        """Call ``failed`` of the work; if that fails as well, the lease of the item runs out."""
        if self.work.failed is None:
            return
        try:
            async with self._db.transaction() as tx:
                await self.work.failed(tx, item, error)
        except Exception as other:
            log.warning("due.failure_not_told", work=self.work.name, error=type(other).__name__)

    async def _write_down(self, item: Any, outcome: Any) -> None:
        """Store the outcome. If the database is unavailable, retry until the lease may have run out.

        Without the outcome, the next worker would do the same work again. If a commit took place and its answer was
        lost, the row has another lease, so nothing is written twice.
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
        # Clear the event even if no task is free. Otherwise each next wait would end at once, and this loop would block
        # the rest of the process.
        self._wake.clear()
