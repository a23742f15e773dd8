"""Migrations build exactly the tables that the code uses, from nothing, as the owner; the run role gets rows only."""

import asyncio
from importlib import import_module

import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from harness.postgres import TestPostgres
from shared.migrations import migrate

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


# What PostgreSQL itself knows of a schema: every column, constraint, index and comment, one line each.
SCHEMA = """
SELECT format('column %s.%s %s null=%s default=%s identity=%s', c.relname, a.attname,
              format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT format('constraint %s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT format('index %s', indexdef) FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT format('comment %s.%s %s', objoid::regclass, objsubid, description)
FROM pg_description WHERE classoid = 'pg_class'::regclass AND objoid::regclass::text !~ '^(pg_|information_schema)'
"""


async def schema_at(address: str) -> set[str]:
    """Everything that makes the schema of a database, but for Alembic's own table."""
    engine = create_async_engine(address, poolclass=NullPool)
    async with engine.connect() as connection:
        lines = set((await connection.execute(text(SCHEMA))).scalars())
    await engine.dispose()
    return {line for line in lines if "alembic_version" not in line}


@pytest.mark.parametrize("service", SERVICES)
async def test_migrations_and_tables_agree(postgres: TestPostgres, service: str) -> None:
    metadata = import_module(f"{service}.storage.tables").metadata
    from_migrations = await schema_at(await migrated(postgres, service))
    from_tables = await schema_at(
        (await postgres.create_database(service, metadata)).render_as_string(hide_password=False)
    )

    assert {line.split()[0] for line in from_tables} >= {"column", "constraint", "index"}
    assert sum(line.startswith("column ") for line in from_tables) == sum(
        len(table.columns) for table in metadata.sorted_tables
    )
    assert from_migrations == from_tables


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE receipts ALTER COLUMN amount TYPE integer",
        "ALTER TABLE payments ALTER COLUMN try_number DROP DEFAULT",
        "ALTER TABLE receipts ALTER COLUMN amount DROP NOT NULL",
        "ALTER TABLE notices DROP CONSTRAINT notices_stored_once",
        "DROP INDEX payment_requests_once_each",
        "CREATE TABLE forgotten (id int)",
    ],
)
async def test_a_schema_that_differs_in_anything_is_noticed(postgres: TestPostgres, change: str) -> None:
    metadata = import_module("payments.storage.tables").metadata
    url = await postgres.create_database("payments", metadata)
    address = url.render_as_string(hide_password=False)
    before = await schema_at(address)
    engine = create_async_engine(address, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text(change))
    await engine.dispose()

    assert await schema_at(address) != before
    await postgres.drop_database(url)


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
