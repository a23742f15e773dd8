"""Migrations build exactly the tables that the code uses, from nothing, as the owner; the run role gets rows only."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from harness.postgres import TestPostgres
from shared.database.migrations import ADDED_TO, grant_run_role, migrate, module_of, rights_of
from tests.contracts.migrating import migrated

SERVICES = ("checkout", "payments", "members", "notifications")


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
UNION ALL SELECT format('comment %s.%s %s', objoid::regclass, attname, description)
FROM pg_description LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND objsubid > 0 WHERE classoid = 'pg_class'::regclass AND objoid::regclass::text !~ '^(pg_|information_schema)'
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
    metadata = module_of(service, "tables").metadata
    from_migrations = await schema_at(await migrated(postgres, service))
    from_tables = await schema_at(
        (await postgres.create_database(service, metadata)).render_as_string(hide_password=False)
    )

    assert {line.split()[0] for line in from_tables} >= {"column", "constraint", "index"}
    assert sum(line.startswith("column ") for line in from_tables) == sum(
        len(table.columns) for table in metadata.sorted_tables
    )
    assert from_migrations == from_tables


async def test_products_of_the_former_release_are_listed(postgres: TestPostgres) -> None:
    address = await migrated(postgres, "checkout", "9d42f7a1c6be")
    engine = create_async_engine(address, poolclass=NullPool)
    add = text(
        "INSERT INTO products (sku, name, category, maker, summary, description, facts, image, unit_price,"
        " position, on_sale) VALUES (:sku, :name, '布もの', '窯', '', '', '[]', 'a.svg', 900, 1, :on_sale)"
    )
    async with engine.begin() as connection:
        await connection.execute(add, {"sku": "old", "name": "手ぬぐい（テヌグイ）", "on_sale": True})
        await connection.execute(add, {"sku": "gone", "name": "古い品", "on_sale": False})

    await asyncio.to_thread(migrate, "checkout", address, module_of("checkout", "tables").metadata)

    async with engine.begin() as connection:
        # A replica of the former release still runs.
        await connection.execute(add, {"sku": "late", "name": "後の品", "on_sale": True})
        rows = await connection.execute(
            text(
                "SELECT p.sku, l.address, l.hidden, l.search_text, c.name AS category FROM products p"
                " JOIN listings l USING (listing_id) JOIN listing_categories USING (listing_id)"
                " JOIN categories c USING (category_id) ORDER BY p.sku"
            )
        )
        found = [(row.sku, row.address, row.hidden, row.category) for row in rows]
        searched = await connection.scalar(text("SELECT search_text FROM listings WHERE address = 'old'"))
    await engine.dispose()
    assert found == [
        ("gone", "gone", True, "布もの"),
        ("late", "late", False, "布もの"),
        ("old", "old", False, "布もの"),
    ]
    assert "手ぬぐいてぬぐい" in str(searched)


async def test_carriers_of_stored_parcels_become_codes(postgres: TestPostgres) -> None:
    address = await migrated(postgres, "checkout", "5ba1a6315728")
    engine = create_async_engine(address, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))  # no orders needed
        for name in ("ヤマト運輸", "佐川急便", "日本郵便", "近所の配達", None):
            await connection.execute(
                text(
                    "INSERT INTO order_destinations (destination_id, order_code, position, name, postal_code,"
                    " prefecture, address1, address2, phone, carrier) VALUES"
                    " (gen_random_uuid(), gen_random_uuid()::text, 1, '', '', '', '', '', '', :carrier)"
                ),
                {"carrier": name},
            )

    await asyncio.to_thread(migrate, "checkout", address, module_of("checkout", "tables").metadata)

    async with engine.connect() as connection:
        found = set((await connection.execute(text("SELECT carrier FROM order_destinations"))).scalars())
    await engine.dispose()
    assert found == {"yamato", "sagawa", "japan_post", "近所の配達", None}


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
    metadata = import_module("payments.tables").metadata
    url = await postgres.create_database("payments", metadata)
    address = url.render_as_string(hide_password=False)
    before = await schema_at(address)
    engine = create_async_engine(address, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text(change))
    await engine.dispose()

    assert await schema_at(address) != before
    await postgres.drop_database(url)


async def test_a_column_in_the_middle_is_the_same_as_one_at_the_end(postgres: TestPostgres) -> None:
    schemas = []
    for names in (("first", "added", "told"), ("first", "told", "added")):
        metadata = MetaData()
        Table("things", metadata, *(Column(name, Integer, comment=f"of {name}") for name in names))
        url = await postgres.create_database("columns", metadata)
        schemas.append(await schema_at(url.render_as_string(hide_password=False)))
        await postgres.drop_database(url)

    assert "comment things.told of told" in schemas[0]
    assert schemas[0] == schemas[1]


@pytest.mark.parametrize("service", SERVICES)
async def test_the_run_role_may_do_what_is_listed_and_no_more(postgres: TestPostgres, service: str) -> None:
    address = await migrated(postgres, service)
    metadata = module_of(service, "tables").metadata
    rights = rights_of(service)
    tables = {table.name: table for table in metadata.sorted_tables}
    assert rights.keys() == tables.keys()

    async with acting_as(service, address) as connection:
        for name, table in tables.items():
            assert not table.info.get("append_only") or rights[name] == ADDED_TO, name
            changed = re.search(r"UPDATE \((.*?)\)", rights[name])
            columns = changed[1].split(", ") if changed else [column.name for column in table.columns]
            for column in table.columns:
                may = "UPDATE" in rights[name] and column.name in columns
                change = f'UPDATE "{name}" SET "{column.name}" = DEFAULT WHERE false'
                assert await allows(connection, change) is may, change
            deletes = await allows(connection, f'DELETE FROM "{name}" WHERE false')
            assert deletes is ("DELETE" in rights[name]), name
            assert await allows(connection, f'SELECT * FROM "{name}" WHERE false')
            assert not await allows(connection, f'TRUNCATE "{name}"')
        for statement in ("CREATE TABLE mine (id int)", "DROP TABLE outbox", "SELECT * FROM alembic_version"):
            assert not await allows(connection, statement), statement


@asynccontextmanager
async def acting_as(role: str, address: str) -> AsyncIterator[AsyncConnection]:
    """A connection that has the rights of ``role`` and no others."""
    engine = create_async_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f'SET ROLE "{role}"'))
        yield connection
    await engine.dispose()


async def allows(connection: AsyncConnection, statement: str) -> bool:
    """Whether the database lets this be done."""
    try:
        await connection.execute(text(statement))
    except ProgrammingError as error:
        assert re.search("permission denied|must be owner", str(error)), error
        return False
    return True


@pytest.mark.parametrize(
    ("service", "statement"),
    [
        ("checkout", "DELETE FROM placements"),
        ("checkout", "UPDATE placements SET order_code = 'N-1'"),
        ("payments", "DELETE FROM notices"),
        ("payments", "UPDATE notices SET body = ''"),
        ("payments", "UPDATE journal_lines SET debit = 0"),
        ("members", "UPDATE point_postings SET active = 1000000"),
        ("members", "DELETE FROM staff"),
        ("members", "DELETE FROM staff_invitations"),
        ("members", "UPDATE staff_deeds SET subject = ''"),
        ("members", "DELETE FROM staff_deeds"),
        ("members", "DELETE FROM ended_amazon_links"),
        ("notifications", "DELETE FROM mails"),
    ],
)
@pytest.mark.feature("STF-03", clause="service cannot change it")
async def test_the_run_role_cannot_change_append_only_tables(
    postgres: TestPostgres, service: str, statement: str
) -> None:
    async with acting_as(service, await migrated(postgres, service)) as connection:
        assert not await allows(connection, statement)


@pytest.mark.parametrize(("sandbox", "roles"), [("true", ["owner"]), ("false", [])])
async def test_migrate_lets_the_demo_into_the_desk_only_in_a_sandbox(
    postgres: TestPostgres, monkeypatch: pytest.MonkeyPatch, sandbox: str, roles: list[str]
) -> None:
    address = await migrated(postgres, "members")
    monkeypatch.setenv("DATABASE_URL", address)
    monkeypatch.setenv("AMQP_URL", "amqp://unused")
    monkeypatch.setenv("SANDBOX", sandbox)
    for _ in range(2):
        after_migration = import_module("members.main").make().after_migration
        await after_migration(address)
    engine = create_async_engine(address, poolclass=NullPool)
    async with engine.connect() as connection:
        staff = (await connection.execute(text("SELECT role FROM staff"))).scalars().all()
    await engine.dispose()
    assert staff == roles


async def test_a_table_without_a_list_of_rights_stops_the_migration(postgres: TestPostgres) -> None:
    metadata = MetaData()
    Table("forgotten", metadata, Column("id", Integer, primary_key=True))
    url = await postgres.create_database("forgetful", metadata)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        with pytest.raises(LookupError, match=r"does not say what may be done with \['forgotten'\]"):
            await connection.run_sync(grant_run_role, "members", metadata, {})
    await engine.dispose()
    await postgres.drop_database(url)
