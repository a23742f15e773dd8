"""Alembic's environment for every service. One transaction for all pending migrations and the rights."""

import asyncio

import asyncpg
from alembic import context
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.database.migrations import grant_run_role

attributes = context.config.attributes
# If two replicas migrate at the same time, the second waits for the first.
_LOCK = 7_025_011


def _migrate(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    context.configure(connection=connection, target_metadata=attributes["metadata"], compare_type=True)
    context.run_migrations()
    if role := attributes.get("run_role"):
        grant_run_role(connection, role, attributes["metadata"], attributes["rights"])


async def _run() -> None:
    # The connection is opened as in the services: asyncpg reads the TLS settings (sslmode, sslrootcert) of the address.
    dsn = attributes["url"].replace("+asyncpg", "", 1)
    engine = create_async_engine(
        "postgresql+asyncpg://", poolclass=NullPool, async_creator=lambda: asyncpg.connect(dsn)
    )
    async with engine.begin() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


asyncio.run(_run())
