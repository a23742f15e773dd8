"""Databases that only migrations made."""

import asyncio

from alembic import command
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from harness.postgres import TestPostgres
from shared.database.migrations import alembic_config, migrate, module_of


async def migrated(postgres: TestPostgres, service: str, revision: str = "head") -> str:
    """A database of ``service`` brought from nothing to ``revision``; its address."""
    metadata = module_of(service, "tables").metadata
    url = await postgres.create_database(f"migrating_{service}", MetaData())
    address = url.render_as_string(hide_password=False)
    engine = create_async_engine(address, poolclass=NullPool)
    async with engine.begin() as connection:
        exists = await connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :n"), {"n": service})
        if not exists:
            await connection.execute(text(f'CREATE ROLE "{service}" LOGIN'))
    await engine.dispose()
    if revision == "head":
        await asyncio.to_thread(migrate, service, address, metadata)
    else:
        config = alembic_config(service, address, metadata)
        await asyncio.to_thread(command.upgrade, config, revision)
    return address
