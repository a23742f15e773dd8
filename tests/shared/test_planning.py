"""Plans: what is short finds its rows by an index; what reads much of a table reads it in sequence."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Column, Index, Integer, MetaData, Table, Text

from harness.postgres import MakeDatabase
from shared.database.planning import LONG, SEARCH
from shared.database.transactions import Database

metadata = MetaData()
parcels = Table(
    "parcels",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("weight", Integer, nullable=False),
    Column("remark", Text, nullable=False),
)
Index("parcels_weight", parcels.c.weight)
ROWS = 30_000
ONE = "SELECT * FROM parcels WHERE weight = :weight"
MOST = "SELECT * FROM parcels WHERE weight > :weight"


@pytest.fixture
async def db(make_db: MakeDatabase) -> Database:
    """A table whose rows lie in another order than its index has them."""
    db = await make_db("planning", metadata)
    async with db.transaction() as tx:
        await tx.execute(
            "INSERT INTO parcels SELECT n, (n * 7919) % 30011, repeat('x', 200)"
            " FROM generate_series(1, CAST(:rows AS integer)) AS n",
            rows=ROWS,
        )
        await tx.execute("ANALYZE parcels")
    return db


def plan_of(rows: Sequence[tuple[str]]) -> str:
    """The lines of EXPLAIN as one text."""
    return "\n".join(row[0] for row in rows)


async def test_a_short_statement_never_reads_a_whole_table(db: Database) -> None:
    async with db.transaction() as tx:
        for statement in (ONE, MOST):
            plan = plan_of(await tx.rows(f"EXPLAIN {statement}", weight=5))
            assert "parcels_weight" in plan
            assert "Seq Scan" not in plan


async def test_an_export_is_not_forced_into_an_index_walk(db: Database) -> None:
    plan = "\n".join([row[0] async for row in db.stream(f"EXPLAIN {MOST}", weight=5)])
    assert "Seq Scan on parcels" in plan
    assert "Index Scan" not in plan


async def test_a_report_in_a_short_role_reads_in_sequence(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.plan(LONG)
        assert "Seq Scan" in plan_of(await tx.rows(f"EXPLAIN {MOST}", weight=5))
        assert "parcels_weight" in plan_of(await tx.rows(f"EXPLAIN {ONE}", weight=5))


async def test_a_search_is_planned_for_its_very_words(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.plan(SEARCH)
        plan = plan_of(await tx.rows(f"EXPLAIN {MOST}", weight=5))
        assert "weight > 5" in plan
        assert "Seq Scan" not in plan


async def test_the_choice_of_a_transaction_ends_with_it(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.plan(LONG)
    async with db.transaction() as tx:
        assert await tx.value("SHOW plan_cache_mode") == "force_generic_plan"
        assert await tx.value("SHOW enable_seqscan") == "off"


async def test_a_tool_plans_all_it_asks_as_long(db: Database) -> None:
    tool = Database(db.url, service="planning", planning=LONG)
    try:
        assert "Seq Scan" in plan_of(await tool.look(f"EXPLAIN {MOST}", weight=5))
    finally:
        await tool.close()
