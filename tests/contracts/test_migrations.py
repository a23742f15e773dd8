"""Migrations build exactly the tables that the code uses, from nothing, as the owner; the run role gets rows only."""

import asyncio
from importlib import import_module

import pytest
from alembic import command
from sqlalchemy import MetaData, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from harness.postgres import TestPostgres
from shared.migrations import alembic_config, migrate

SERVICES = ("checkout", "payments", "members", "notifications")


async def migrated(postgres: TestPostgres, service: str) -> str:
    """A database of ``service`` brought up to date from nothing; its address."""
    metadata = import_module(f"{service}.storage.tables").metadata
    url = await postgres.create_database(f"migrating_{service}", MetaData())
    address = url.render_as_string(hide_password=False)
    engine = create_async_engine(address, poolclass=NullPool)
    async with engine.begin() as connection:
        exists = await connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :n"), {"n": service})
        if not exists:
            await connection.execute(text(f'CREATE ROLE "{service}" LOGIN'))
    await engine.dispose()
    await asyncio.to_thread(migrate, service, address, metadata)
    return address


@pytest.mark.parametrize("service", SERVICES)
async def test_migrations_and_tables_agree(postgres: TestPostgres, service: str) -> None:
    address = await migrated(postgres, service)
    metadata = import_module(f"{service}.storage.tables").metadata

    await asyncio.to_thread(command.check, alembic_config(service, address, metadata))


@pytest.mark.parametrize("service", SERVICES)
async def test_the_run_role_cannot_change_the_schema_nor_a_ledger(
    postgres: TestPostgres, service: str
) -> None:
    address = await migrated(postgres, service)
    metadata = import_module(f"{service}.storage.tables").metadata
    ledgers = [table.name for table in metadata.sorted_tables if table.info.get("append_only")]
    attempts = ["CREATE TABLE mine (id int)", "DROP TABLE outbox"]
    attempts += [f'DELETE FROM "{name}"' for name in ledgers]

    engine = create_async_engine(address, poolclass=NullPool)
    for statement in attempts:
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            async with engine.begin() as connection:
                await connection.execute(text(f'SET ROLE "{service}"'))
                await connection.execute(text(statement))
    await engine.dispose()
