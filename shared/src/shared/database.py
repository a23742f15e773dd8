"""One service's database: transactions in which state, inbox and outbox commit together."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Row, TextClause, text
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql import Executable

from shared.events import Event
from shared.outbox import OutboxRow, insert_outbox, outbox_rows

# PostgreSQL error classes: 08 connection, 53 resources, 57P operator intervention, 40 rollback, 55P03 lock.
_TRANSIENT = ("08", "53", "57P", "40", "55P03", "25P03")


class Handoff(Protocol):
    """Takes the committed rows of this process's transactions; the relay, where it runs in the process."""

    def hand_over(self, rows: Sequence[OutboxRow]) -> None:
        """Publish ``rows`` soon; they are already on disk and leased to this process."""


@lru_cache(maxsize=512)
def _text(sql: str) -> TextClause:
    return text(sql)


class Tx:
    """An open transaction. What is said in it reaches the outbox with the commit, or not at all."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.heard: Event | None = None
        self.traceparent: str | None = None
        self._said: list[tuple[Event, str | None]] = []
        self._wakes: set[str] = set()

    async def execute(self, statement: str | Executable, **values: Any) -> CursorResult[Any]:
        """Run ``statement``; strings use ``:name`` for values."""
        executable = _text(statement) if isinstance(statement, str) else statement
        return await self.connection.execute(executable, values or None)

    async def rows(self, statement: str | Executable, **values: Any) -> Sequence[Row[Any]]:
        """Return all rows."""
        return (await self.execute(statement, **values)).all()

    async def row(self, statement: str | Executable, **values: Any) -> Row[Any] | None:
        """Return the first row, or None."""
        return (await self.execute(statement, **values)).first()

    async def value(self, statement: str | Executable, **values: Any) -> Any:
        """Return the first column of the first row, or None."""
        return (await self.execute(statement, **values)).scalar()

    def say(self, *events: Event) -> None:
        """Put ``events`` into the outbox with this commit, caused by what is being heard, if anything."""
        for event in events:
            caused = event
            if self.heard is not None and event.caused_by is None:
                caused = event.model_copy(update={"caused_by": self.heard.event_id})
            self._said.append((caused, self.traceparent))

    def wake(self, work: str) -> None:
        """After the commit, tell the due work called ``work`` that there is something to do."""
        self._wakes.add(work)


class Database:
    """The engine of one service and the transactions on it. ``relay`` is set where it runs in-process.

    ``engine`` takes the place of the one that would be made for ``url``.
    """

    def __init__(
        self,
        url: str,
        *,
        service: str,
        shop: str = "noren",
        connections_max: int = 10,
        engine: AsyncEngine | None = None,
    ) -> None:
        self.service = service
        self.shop = shop
        self.relay: Handoff | None = None
        self._wakers: dict[str, asyncio.Event] = {}
        self.engine: AsyncEngine = engine or create_async_engine(
            url,
            pool_size=connections_max,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=False,
            connect_args={
                "server_settings": {
                    "application_name": f"noren-{service}",
                    "statement_timeout": "30000",
                    "lock_timeout": "10000",
                    "idle_in_transaction_session_timeout": "60000",
                    "timezone": "UTC",
                },
                "timeout": 10,
                # Longer than the server's own limit, which speaks first: only a server that is silent meets
                # it. Without it a statement whose answer got lost would be waited for for ever.
                "command_timeout": 40,
            },
        )

    @asynccontextmanager
    async def transaction(
        self, *, heard: Event | None = None, traceparent: str | None = None
    ) -> AsyncIterator[Tx]:
        """Open a transaction; commit on leaving, roll back on any error.

        Never call an outside system while it is open. Raises whatever the statements raise;
        :func:`is_transient` tells whether the whole unit may be run again.
        """
        async with self.engine.connect() as connection:
            tx = Tx(connection)
            tx.heard, tx.traceparent = heard, traceparent
            async with connection.begin():
                yield tx
                rows = outbox_rows(tx._said, shop=self.shop)
                if rows:
                    rows = await insert_outbox(tx, rows, leased=self.relay is not None)
        if rows and self.relay is not None:
            self.relay.hand_over(rows)
        for work in tx._wakes:
            self.waker(work).set()

    def waker(self, work: str) -> asyncio.Event:
        """Return the event that wakes the due work called ``work`` in this process."""
        return self._wakers.setdefault(work, asyncio.Event())

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def is_transient(error: BaseException) -> bool:
    """Tell whether ``error`` is the database's trouble, not ours: the whole unit may be run again."""
    if isinstance(error, PoolTimeoutError | ConnectionError | TimeoutError | OSError):
        return True
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state.startswith(_TRANSIENT)
    return False
