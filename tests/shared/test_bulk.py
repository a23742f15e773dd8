"""Many rows in one statement are stored as the same rows one by one would be."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from asyncpg import IntegrityConstraintViolationError
from sqlalchemy import Boolean, Column, Date, DateTime, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from harness.postgres import MakeDatabase
from shared.bulk import insert_all, update_all

metadata = MetaData()
things = Table(
    "things",
    metadata,
    Column("thing_id", Uuid, primary_key=True),
    Column("name", Text, unique=True),
    Column("order", Integer),
    Column("day", Date),
    Column("at", DateTime(timezone=True)),
    Column("tags", ARRAY(Text)),
    Column("facts", JSONB),
    Column("open", Boolean, server_default="true", nullable=False),
)
MOMENT = datetime(2026, 11, 22, 5, 4, 3, 210987, tzinfo=UTC)


def thing(name: str, **more: object) -> dict[str, object]:
    return {
        "thing_id": uuid4(),
        "name": name,
        "order": 7,
        "day": date(2026, 11, 22),
        "at": MOMENT,
        "tags": ["赤", 'with "quotes", and {braces}', "\\"],
        "facts": {"名前": "暖簾", "list": [1, None, "二"]},
        **more,
    }


async def test_every_kind_of_value_comes_back_as_it_was_given(make_db: MakeDatabase) -> None:
    db = await make_db("things", metadata)
    first, second = thing("一"), thing("二", tags=[], facts={}, day=None, order=None)
    async with db.transaction() as tx:
        await insert_all(tx, things, [first, second])
    async with db.transaction() as tx:
        rows = await tx.rows(things.select().order_by(things.c.name))
    assert [dict(row) for row in rows] == [{**first, "open": True}, {**second, "open": True}]


async def test_ids_as_they_were_read_can_be_written(make_db: MakeDatabase) -> None:
    db = await make_db("things", metadata)
    async with db.transaction() as tx:
        await insert_all(tx, things, [thing("一")])
        [read] = await tx.rows("SELECT thing_id FROM things")
        assert await update_all(tx, things, [{"thing_id": read.thing_id, "order": 9}], key=["thing_id"]) == 1


async def test_a_known_row_is_refused_or_left_out_as_wished(make_db: MakeDatabase) -> None:
    db = await make_db("things", metadata)
    async with db.transaction() as tx:
        await insert_all(tx, things, [thing("一")])
    with pytest.raises(IntegrityConstraintViolationError):
        async with db.transaction() as tx:
            await insert_all(tx, things, [thing("二"), thing("一")])
    async with db.transaction() as tx:
        stored = await insert_all(tx, things, [thing("二"), thing("一")], skip_known=True, returning="name")
    assert [row.name for row in stored] == ["二"]


async def test_rows_change_where_key_and_condition_hold(make_db: MakeDatabase) -> None:
    db = await make_db("things", metadata)
    rows = [thing("一", order=1), thing("二", order=2), thing("三", order=3)]
    async with db.transaction() as tx:
        await insert_all(tx, things, rows)
        changes = [{"thing_id": row["thing_id"], "order": 9, "facts": None} for row in rows]
        changed = await update_all(tx, things, changes, key=["thing_id"], where='old."order" < 3')
        found = await tx.rows('SELECT name, "order", facts FROM things ORDER BY "order", name')
    assert changed == 2
    assert [tuple(row)[:2] for row in found] == [("三", 3), ("一", 9), ("二", 9)]
    assert [row.facts is None for row in found] == [False, True, True]


async def test_no_rows_are_no_statement(make_db: MakeDatabase) -> None:
    db = await make_db("things", metadata)
    async with db.transaction() as tx:
        assert list(await insert_all(tx, things, [])) == []
        assert await update_all(tx, things, [], key=["thing_id"]) == 0
