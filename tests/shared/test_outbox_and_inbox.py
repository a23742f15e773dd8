"""State, inbox and outbox commit together."""

from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text

from harness.hearing import Hearing, said
from shared.database.outbox import claim_unsent, mark_published, outbox_table
from shared.database.transactions import Database, Tx
from shared.errors import Refused
from shared.events import PointsActivated, PointsUsed
from shared.ids import new_id
from shared.messaging.consumers import Consumers
from shared.messaging.inbox import inbox_table

metadata = MetaData()
outbox_table(metadata)
inbox_table(metadata)
Table("effects", metadata, Column("id", Integer, primary_key=True, autoincrement=True), Column("what", Text))

consumers = Consumers("members")


@consumers.on(PointsUsed)
async def count_use(event: PointsUsed, tx: Tx) -> PointsActivated:
    """Note the use and say something."""
    await tx.execute("INSERT INTO effects (what) VALUES (:what)", what=event.order_code)
    return PointsActivated(member_id=event.member_id, points=event.points, order_code=event.order_code)


@pytest.fixture
async def db(make_db: Any) -> Database:
    """A database with outbox, inbox and one table of effects."""
    made: Database = await make_db("members", metadata)
    return made


def used(code: str = "N-1") -> PointsUsed:
    """Three points spent on an order."""
    return PointsUsed(member_id=new_id(), points=3, order_code=code)


async def effects(db: Database) -> list[str]:
    """What the handler did."""
    async with db.transaction() as tx:
        return [row.what for row in await tx.rows("SELECT what FROM effects ORDER BY id")]


async def test_an_event_heard_three_times_has_one_effect(db: Database) -> None:
    event = used()
    await Hearing(consumers, db).hears(event, times=3)

    assert await effects(db) == ["N-1"]
    [answer] = await said(db)
    assert isinstance(answer, PointsActivated)
    assert answer.caused_by == event.event_id


async def test_what_a_failed_transaction_said_is_never_heard(db: Database) -> None:
    with pytest.raises(Refused):
        async with db.transaction() as tx:
            tx.say(used())
            raise Refused("no", "できません")

    assert await said(db) == []


async def test_what_was_said_in_a_savepoint_that_failed_is_never_heard(db: Database) -> None:
    async with db.transaction() as tx:
        tx.say(used("N-1"))
        with pytest.raises(Refused):
            async with tx.savepoint():
                tx.say(used("N-2"))
                raise Refused("no", "できません")
        tx.say(used("N-3"))

    assert [event.correlation for event in await said(db)] == ["N-1", "N-3"]


async def test_a_claimed_or_marked_row_is_not_claimed_again(db: Database) -> None:
    async with db.transaction() as tx:
        tx.say(used("N-1"), used("N-2"))

    async with db.transaction() as tx:
        mine = await claim_unsent(tx, rows_max=10)
    async with db.transaction() as tx:
        theirs = await claim_unsent(tx, rows_max=10)
    assert [row.correlation for row in mine] == ["N-1", "N-2"]
    assert theirs == []

    async with db.transaction() as tx:
        await mark_published(tx, [row.seq for row in mine])
        await tx.execute("UPDATE outbox SET leased_until = now() - interval '1 second'")
    async with db.transaction() as tx:
        assert await claim_unsent(tx, rows_max=10) == []


def test_a_function_without_event_and_tx_is_no_consumer() -> None:
    broken = Consumers("members")

    async def no_transaction(event: PointsUsed) -> None:
        """Takes the event alone."""

    async def something_else(event: PointsUsed, tx: str) -> None:
        """Takes something else."""

    for function in (no_transaction, something_else):
        with pytest.raises(TypeError, match="tx: Tx"):
            broken.on(PointsUsed)(function)
    assert broken.all == []
