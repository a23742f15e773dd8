"""One service's database: transactions in which state, inbox and outbox commit together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, TypeVar

import asyncpg
from sqlalchemy.sql import ClauseElement

from shared.bulk import Change, one_statement
from shared.cause import current_cause
from shared.events import Event
from shared.outbox import OutboxRow, insert_outbox, outbox_rows
from shared.sql import STATEMENTS_CACHED_MAX, Row, ready, teach_json

# PostgreSQL error classes: 08 connection, 53 resources, 57P operator intervention, 40 rollback, 55P03 lock.
_TRANSIENT = ("08", "53", "57P", "40", "55P03", "25P03")
ACQUIRE_SECONDS_MAX = 10.0
SETTINGS = {
    "statement_timeout": "30000",
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "60000",
    "timezone": "UTC",
    # Planning cost more than running: statements are few and short, and each finds its rows by an index.
    "plan_cache_mode": "force_generic_plan",
    # Without this, a plan that was made while a table was small would scan the whole table after it has grown.
    "enable_seqscan": "off",
    "jit": "off",
}
# The client's limit is longer than the server's, so that it only ends statements whose answer got lost. Without it
# such a statement would wait for ever.
COMMAND_SECONDS_MAX = 40.0
R = TypeVar("R")


class Handoff(Protocol):
    """Receiver of the outbox rows that this process has committed: the relay, if it runs in the same process."""

    def hand_over(self, rows: Sequence[OutboxRow]) -> None:
        """Publish ``rows`` soon; they are committed and leased to this process."""


class Connection(Protocol):
    """The part of an asyncpg connection that a transaction uses."""

    async def execute(self, query: str, *args: Any) -> str:
        """Run a statement; return its command tag."""

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """Return all rows."""

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """Begin a transaction, or a savepoint inside one; leaving commits, an error rolls back."""


class Tx:
    """An open transaction. Its events are stored in the outbox by the same commit, or not at all."""

    def __init__(self, connection: Connection, watchers: Sequence[Callable[[str], None]] = ()) -> None:
        self._connection = connection
        self._watchers = watchers
        self._changes: list[Change] = []
        self._said: list[Event] = []
        self._wakes: set[str] = set()
        self.known: dict[Hashable, Any] = {}
        """What was asked for once in this transaction and is not asked for again, by a key of its owner's choice."""

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

    async def read(self, kind: Callable[..., R], statement: str | ClauseElement, **values: Any) -> list[R]:
        """Return all rows, each as ``kind``: a dataclass whose fields are named like the columns.

        Raises TypeError if ``kind`` lacks a column, or a column lacks for one of its fields.
        """
        return [kind(**row) for row in await self.rows(statement, **values)]

    async def read_one(
        self, kind: Callable[..., R], statement: str | ClauseElement, **values: Any
    ) -> R | None:
        """Return the first row as ``kind``, or None."""
        return next(iter(await self.read(kind, statement, **values)), None)

    async def value(self, statement: str | ClauseElement, **values: Any) -> Any:
        """Return the first column of the first row, or None."""
        row = await self.row(statement, **values)
        return row[0] if row is not None else None

    def _ready(self, statement: str | ClauseElement, values: dict[str, Any]) -> tuple[str, list[Any]]:
        sql, arguments = ready(statement, values)
        for watch in self._watchers:
            watch(sql)
        return sql, arguments

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Open a savepoint: an error undoes the changes and events of the block, and nothing else."""
        await self.write()
        said, wakes = len(self._said), set(self._wakes)
        try:
            async with self._connection.transaction():
                yield
                await self.write()
        except BaseException:
            self._changes.clear()
            del self._said[said:]
            self._wakes = wakes
            self.known.clear()
            raise

    async def defer(self, change: Change) -> None:
        """Keep ``change`` in memory until the next statement or the commit, so that many share one round trip.

        A constraint that the change breaks is therefore raised by that later statement.
        """
        if any(kept.table is change.table for kept in self._changes):
            # Two changes of one table in the same statement would not see each other.
            await self.write()
        self._changes.append(change)

    async def write(self) -> None:
        """Send the deferred changes."""
        if self._changes:
            sql, values = self._deferred_and("")
            await self._execute(sql, values)

    async def rows_at_last(self, statement: str, **values: Any) -> Sequence[Row]:
        """Send the deferred changes and ``statement`` in one round trip; return the rows of ``statement``.

        The statement must neither read nor change rows that the deferred changes touch.
        """
        sql, changes = self._deferred_and(statement)
        sql, arguments = self._ready(sql, {**changes, **values})
        return await self._connection.fetch(sql, *arguments)

    def _deferred_and(self, last: str) -> tuple[str, dict[str, Any]]:
        changes, self._changes = self._changes, []
        sql = one_statement(tuple(change.sql for change in changes), last)
        return sql, {f"rows_{number}": change.document for number, change in enumerate(changes)}

    def say(self, *events: Event) -> None:
        """Put ``events`` into the outbox with this commit.

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
    """The connections of one service and the transactions on them. ``relay`` is set where it runs in-process.

    ``url`` may name SQLAlchemy's driver, as the settings do. ``watchers`` are told every statement.
    """

    def __init__(self, url: str, *, service: str, shop: str = "noren", connections_max: int = 10) -> None:
        self.url = url
        self.service = service
        self.shop = shop
        self.relay: Handoff | None = None
        self.watchers: list[Callable[[str], None]] = []
        self._connections_max = connections_max
        self._wakers: dict[str, asyncio.Event] = {}
        self._pool: asyncpg.Pool[Row] | None = None
        self._opening = asyncio.Lock()

    @property
    def dsn(self) -> str:
        """Return the address as asyncpg takes it."""
        return self.url.replace("+asyncpg", "", 1)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection. Raises TimeoutError if none is free for long."""
        pool = self._pool or await self._open()
        async with pool.acquire(timeout=ACQUIRE_SECONDS_MAX) as connection:
            try:
                yield connection
            except asyncpg.InternalClientError:
                # The server has ended the session, and the client has not yet noticed it completely.
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
                    server_settings={"application_name": f"noren-{self.service}", **SETTINGS},
                )
        return self._pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """Open a transaction; commit on leaving, roll back on any error.

        Call no outside system while it is open. Raises the errors of its statements; :func:`is_transient` tells
        whether the whole transaction may be run again.
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
        """Return all rows of one query outside a transaction: one round trip in place of three."""
        async with self.connection() as connection:
            return await Tx(connection, self.watchers).rows(statement, **values)

    async def stream(
        self, statement: str | ClauseElement, *, rows_at_once: int = 500, **values: Any
    ) -> AsyncIterator[Row]:
        """Yield all rows of a query, however many there are, in bounded memory."""
        sql, arguments = ready(statement, values)
        pool = self._pool or await self._open()
        async with (
            pool.acquire(timeout=ACQUIRE_SECONDS_MAX) as connection,
            connection.transaction(readonly=True),
        ):
            async for row in connection.cursor(sql, *arguments, prefetch=rows_at_once):
                yield row

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
    """Skip the reset of a connection: no session setting is changed here, and a reset costs a round trip."""


def is_transient(error: BaseException) -> bool:
    """Tell whether ``error`` comes from the state of the database, so that the whole transaction may be run again."""
    match error:
        case ConnectionError() | TimeoutError() | OSError():
            return True
        # The schema was expanded after the statement was prepared: the next run prepares it again. Or the session
        # ended between two statements, and the second was never sent.
        case asyncpg.InvalidCachedStatementError() | asyncpg.InternalClientError():
            return True
        case asyncpg.PostgresError():
            return (error.sqlstate or "").startswith(_TRANSIENT)
        case asyncpg.InterfaceError():
            return "closed" in str(error)
    return False
