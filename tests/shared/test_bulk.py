"""Many rows in one statement are stored as the same rows one by one would be."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from asyncpg import IntegrityConstraintViolationError
from sqlalchemy import Boolean, Column, Date, DateTime, ForeignKey, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from harness.postgres import MakeDatabase
from harness.together import statements_of
from shared.database.bulk import insert_all, update_all, upsert_all
from shared.database.sql import columns_of

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
parts = Table(
    "parts",
    metadata,
    Column("part_id", Integer, primary_key=True),
    Column("thing_id", Uuid, ForeignKey(things.c.thing_id)),
)
owners = Table(
    "owners",
    metadata,
    Column("name", Text, primary_key=True),
    Column("part_id", Integer, ForeignKey(parts.c.part_id)),
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
        await update_all(tx, things, [{"thing_id": read.thing_id, "order": 9}], key="thing_id")
        assert await tx.value('SELECT "order" FROM things') == 9


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
        await update_all(tx, things, changes, key="thing_id", where='old."order" < 3')
        found = await tx.rows('SELECT name, "order", facts FROM things ORDER BY "order", name')
    assert [tuple(row)[:2] for row in found] == [("三", 3), ("一", 9), ("二", 9)]
    assert [row.facts is None for row in found] == [False, True, True]


async def test_known_rows_are_changed_and_others_added(make_db: MakeDatabase) -> None:
    db = await make_db("things", metadata)
    known = thing("一", order=1)
    async with db.transaction() as tx:
        await insert_all(tx, things, [known])
        changes = [{"thing_id": known["thing_id"], "order": 2}, {"thing_id": uuid4(), "order": 3}]
        await upsert_all(tx, things, changes, key="thing_id")
        found = await tx.rows('SELECT name, "order" FROM things ORDER BY "order"')
    assert [tuple(row) for row in found] == [("一", 2), (None, 3)]


@dataclass(frozen=True, slots=True)
class NewThing:
    """A row as a dataclass."""

    thing_id: UUID
    name: str | None


async def test_rows_may_be_dataclasses_named_like_columns(make_db: MakeDatabase) -> None:
    db = await make_db("dataclass_rows", metadata)
    one = NewThing(uuid4(), "first")
    async with db.transaction() as tx:
        await insert_all(tx, things, [one])
        await update_all(tx, things, [replace(one, name="second")], key="thing_id")
        assert await tx.read(NewThing, f"SELECT {columns_of(NewThing)} FROM things") == [
            replace(one, name="second")
        ]


async def test_an_error_names_the_tables_of_what_was_deferred(make_db: MakeDatabase) -> None:
    db = await make_db("deferred_errors", metadata)
    one = NewThing(uuid4(), None)
    with pytest.raises(IntegrityConstraintViolationError) as raised:
        async with db.transaction() as tx:
            await insert_all(tx, things, [one, one])
    assert raised.value.__notes__ == ["with deferred changes of things"]


async def test_no_rows_are_no_statement(make_db: MakeDatabase) -> None:
    db = await make_db("things", metadata)
    with statements_of(db) as sent:
        async with db.transaction() as tx:
            assert list(await insert_all(tx, things, [])) == []
            await update_all(tx, things, [], key="thing_id")
            await upsert_all(tx, things, [], key="thing_id")
    assert sent == []


async def test_changes_of_several_tables_are_one_statement(
    make_db: MakeDatabase,
) -> None:
    db = await make_db("things", metadata)
    first, second = thing("一"), thing("二")
    async with db.transaction() as tx:
        await insert_all(tx, things, [first])
    with statements_of(db) as sent:
        async with db.transaction() as tx:
            await update_all(tx, things, [{"thing_id": first["thing_id"], "order": 9}], key="thing_id")
            await insert_all(tx, parts, [{"part_id": 2, "thing_id": first["thing_id"]}])
            await insert_all(tx, owners, [{"name": "椿", "part_id": 2}])
    assert len(sent) == 1
    async with db.transaction() as tx:
        assert (
            await tx.value(
                'SELECT "order" FROM things JOIN parts USING (thing_id) JOIN owners USING (part_id)'
            )
            == 9
        )
        await insert_all(tx, things, [second])
        await update_all(tx, things, [{"thing_id": second["thing_id"], "order": 3}], key="thing_id")
        assert await tx.value('SELECT "order" FROM things WHERE name = :name', name="二") == 3


async def test_what_is_put_off_in_a_savepoint_is_undone_with_it(make_db: MakeDatabase) -> None:
    db = await make_db("things", metadata)
    async with db.transaction() as tx:
        await insert_all(tx, things, [thing("一")])
        with pytest.raises(LookupError):
            async with tx.savepoint():
                await insert_all(tx, things, [thing("二")])
                raise LookupError
        async with tx.savepoint():
            await insert_all(tx, things, [thing("三")])
    async with db.transaction() as tx:
        assert [row.name for row in await tx.rows("SELECT name FROM things ORDER BY name")] == ["一", "三"]
