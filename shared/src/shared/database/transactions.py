"""One service's database: transactions in which state, inbox and outbox commit together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

import asyncpg
from sqlalchemy.sql import ClauseElement

from shared.cause import current_cause
from shared.database.bulk import Change, one_statement
from shared.database.outbox import OutboxRow, insert_outbox, outbox_rows
from shared.database.planning import LIMITS, LONG, SHORT, Planning
from shared.database.sql import STATEMENTS_CACHED_MAX, Connection, Row, ready, teach_json
from shared.events import Event

ACQUIRE_SECONDS_MAX = 10.0
# The client's limit is longer than the server's, so that it only ends statements whose answer was lost. Without it such
# a statement would wait for ever.
COMMAND_SECONDS_MAX = 40.0
R = TypeVar("R")


class Handoff(Protocol):
    """Receiver of the outbox rows that this process has committed: the relay, if it runs in the same process."""

    def hand_over(self, rows: Sequence[OutboxRow]) -> None:
        """Publish ``rows`` soon; they are committed and leased to this process."""


class Tx:
    """An open transaction. Its events are stored in the outbox by the same commit, or not at all."""

    def __init__(self, connection: Connection, watchers: Sequence[Callable[[str], None]] = ()) -> None:
        self._connection = connection
        self._watchers = watchers
        self._changes: list[Change] = []
        self._said: list[Event] = []
        self._wakes: set[str] = set()
        self._planning: Planning | None = None
        self.known: dict[Hashable, Any] = {}
        """Values that this transaction read once and keeps, each under a key that its owner chose."""

    async def execute(self, statement: str | ClauseElement, **values: Any) -> int:
        """Run ``statement``; strings use ``:name`` for values. Returns how many rows it changed."""
        await self.write()
        return await self._execute(statement, values)

    async def _execute(self, statement: str | ClauseElement, values: dict[str, Any]) -> int:
        sql, arguments = self._ready(statement, values)
        tag = await self._connection.execute(sql, *arguments)
        count = tag.rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0

    async def rows(self, statement: str | ClauseElement, **values: Any) -> Sequence[Row]:
        """Return all rows."""
        await self.write()
        sql, arguments = self._ready(statement, values)
        return await self._connection.fetch(sql, *arguments)

    async def row(self, statement: str | ClauseElement, **values: Any) -> Row | None:
        """Return the first row, or None."""
        return next(iter(await self.rows(statement, **values)), None)

    async def read(self, kind: Callable[..., R], statement: str | ClauseElement, /, **values: Any) -> list[R]:
        """Return all rows, each as ``kind``: a dataclass whose fields are named like the columns.

        Raises TypeError if ``kind`` has no field for a column, or no column exists for a field.
        """
        return [kind(**row) for row in await self.rows(statement, **values)]

    async def read_one(
        self, kind: Callable[..., R], statement: str | ClauseElement, /, **values: Any
    ) -> R | None:
        """Return the first row as ``kind``, or None."""
        return next(iter(await self.read(kind, statement, **values)), None)

    async def value(self, statement: str | ClauseElement, **values: Any) -> Any:
        """Return the first column of the first row, or None."""
        row = await self.row(statement, **values)
        return row[0] if row is not None else None

    async def plan(self, planning: Planning) -> None:
        """Plan the further statements of this transaction as ``planning`` says."""
        if planning is not self._planning:
            await self.execute(planning.for_transaction())
            self._planning = planning

    def _ready(self, statement: str | ClauseElement, values: dict[str, Any]) -> tuple[str, list[Any]]:
        sql, arguments = ready(statement, values)
        for watch in self._watchers:
            watch(sql)
        return sql, arguments

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Open a savepoint. An error undoes only the changes and events of the block."""
        await self.write()
        said, wakes = len(self._said), set(self._wakes)
        try:
            async with self._connection.transaction():
                yield
                await self.write()
        except BaseException:
            self._changes.clear()
            del self._said[said:]
            self._wakes, self._planning = wakes, None
            self.known.clear()
            raise

    async def defer(self, change: Change) -> None:
        """Keep ``change`` in memory until the next statement or the commit, so that many share one round trip.

        If the change breaks a constraint, that later statement raises the error. A note names the tables of all sent
        changes. So defer only inside a unit of work: its own save, or the commit, then raises the error.
        """
        if any(kept.table is change.table for kept in self._changes):
            # Two changes of one table in the same statement would not see each other.
            await self.write()
        self._changes.append(change)

    async def write(self) -> None:
        """Send the deferred changes."""
        if self._changes:
            await self._send("", {})

    async def rows_at_last(self, statement: str, **values: Any) -> Sequence[Row]:
        """Send the deferred changes and ``statement`` in one round trip; return the rows of ``statement``.

        The statement must neither read nor change rows that the deferred changes touch.
        """
        return await self._send(statement, values)

    async def _send(self, last: str, values: dict[str, Any]) -> Sequence[Row]:
        changes, self._changes = self._changes, []
        statement = one_statement(tuple(change.sql for change in changes), last)
        rows = {f"rows_{number}": change.document for number, change in enumerate(changes)}
        sql, arguments = self._ready(statement, {**rows, **values})
        try:
            return await self._connection.fetch(sql, *arguments)
        except asyncpg.PostgresError as error:
            # The traceback does not show the code that deferred the statements.
            error.add_note("with deferred changes of " + ", ".join(change.table.name for change in changes))
            raise

    def say(self, *events: Event) -> None:
        """Publish ``events``: store them in the outbox with this commit.

        An event without a cause gets the current one (:mod:`shared.cause`). Raises UnknownValueSaid for a value that
        the class of the event does not know.
        """
        cause = current_cause()
        for event in events:
            event.check_values()
            self._said.append(event if event.traceparent else event.following(cause))

    def wake(self, work: str) -> None:
        """Wake the due work called ``work`` after the commit."""
        self._wakes.add(work)


class Database:
    """The connections of one service and the transactions on them. ``relay`` is set if it runs in the same process.

    ``url`` may name SQLAlchemy's driver, as the settings do. ``planning`` is how its statements are planned; a
    transaction may choose another way (:meth:`Tx.plan`). ``watchers`` get every statement.
    """

    def __init__(
        self,
        url: str,
        *,
        service: str,
        shop: str = "noren",
        connections_max: int = 10,
        planning: Planning = SHORT,
    ) -> None:
        self.url = url
        self.service = service
        self.shop = shop
        self.relay: Handoff | None = None
        self.watchers: list[Callable[[str], None]] = []
        self._connections_max = connections_max
        self._settings = {"application_name": f"noren-{service}", **LIMITS, **planning.settings()}
        self._wakers: dict[str, asyncio.Event] = {}
        self._pool: asyncpg.Pool[Row] | None = None
        self._opening = asyncio.Lock()

    @property
    def dsn(self) -> str:
        """Return the address as asyncpg takes it."""
        return self.url.replace("+asyncpg", "", 1)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection. Raises TimeoutError if all connections are in use for too long."""
        pool = self._pool or await self._open()
        async with pool.acquire(timeout=ACQUIRE_SECONDS_MAX) as connection:
            try:
                yield connection
            except asyncpg.InternalClientError:
                # The server has ended the session, and the client does not yet know it completely.
                connection.terminate()
                raise

    async def _open(self) -> "asyncpg.Pool[Row]":
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self.dsn,
                    min_size=0,
                    max_size=self._connections_max,
                    max_inactive_connection_lifetime=0,
                    statement_cache_size=STATEMENTS_CACHED_MAX,
                    max_cached_statement_lifetime=0,
                    record_class=Row,
                    init=teach_json,
                    reset=_leave_as_it_is,
                    timeout=10,
                    command_timeout=COMMAND_SECONDS_MAX,
                    server_settings=self._settings,
                )
        return self._pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """Open a transaction. The end of the block commits it, an error rolls it back.

        Call no outside system while it is open. Raises the errors of its statements;
        :func:`shared.database.transient.is_transient` tells whether the whole transaction may be run again.
        """
        async with self.connection() as connection:
            tx = Tx(connection, self.watchers)
            async with connection.transaction():
                yield tx
                rows = outbox_rows(tx._said, shop=self.shop)
                if rows:
                    rows = await insert_outbox(tx, rows, leased=self.relay is not None)
                await tx.write()
        if rows and self.relay is not None:
            self.relay.hand_over(rows)
        for work in sorted(tx._wakes):
            self.waker(work).set()

    async def look(self, statement: str | ClauseElement, **values: Any) -> Sequence[Row]:
        """Return all rows of one query outside a transaction. This takes one round trip instead of three."""
        async with self.connection() as connection:
            return await Tx(connection, self.watchers).rows(statement, **values)

    async def stream(
        self, statement: str | ClauseElement, *, rows_at_once: int = 500, **values: Any
    ) -> AsyncIterator[Row]:
        """Yield all rows of a query in bounded memory. The query is planned as a long one."""
        sql, arguments = ready(statement, values)
        pool = self._pool or await self._open()
        async with (
            pool.acquire(timeout=ACQUIRE_SECONDS_MAX) as connection,
            connection.transaction(readonly=True),
        ):
            await connection.execute(LONG.for_transaction())
            async for row in connection.cursor(sql, *arguments, prefetch=rows_at_once):
                yield row

    async def read_all(
        self,
        kind: Callable[..., R],
        statement: str | ClauseElement,
        /,
        *,
        rows_at_once: int = 500,
        **values: Any,
    ) -> AsyncIterator[R]:
        """Yield all rows as :meth:`stream` does, each as ``kind`` (:meth:`Tx.read`)."""
        async for row in self.stream(statement, rows_at_once=rows_at_once, **values):
            yield kind(**row)

    def waker(self, work: str) -> asyncio.Event:
        """Return the event that wakes the due work called ``work`` in this process."""
        return self._wakers.setdefault(work, asyncio.Event())

    async def close(self) -> None:
        """Close all connections."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(5):
                await pool.close()
        except TimeoutError:
            pool.terminate()


async def _leave_as_it_is(_: object) -> None:
    """Skip the reset of a connection. Noren changes no session settings, and a reset costs a round trip."""
