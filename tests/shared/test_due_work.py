"""Due work: claimed once, done at the same time up to a limit, and never at the cost of the process."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, MetaData, Row, Table, Uuid

from harness.eventually import eventually
from harness.postgres import MakeDatabase
from shared.clock import now
from shared.database import Database
from shared.due import DueRunner, DueWork, due_columns, due_index, strike_off
from shared.ids import new_id

metadata = MetaData()
chores = Table("chores", metadata, Column("chore_id", Uuid, primary_key=True), *due_columns())
due_index(chores)


class Hands:
    """Does chores, and holds each until it is let go."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.begun: list[Any] = []
        self.let_go = asyncio.Event()

    async def __call__(self, row: Row[Any]) -> None:
        self.begun.append(row.chore_id)
        await self.let_go.wait()
        async with self.db.transaction() as tx:
            await strike_off(tx, chores, row.chore_id, row.lease)


async def add_chores(db: Database, count: int) -> None:
    async with db.transaction() as tx:
        for _ in range(count):
            await tx.execute(
                "INSERT INTO chores (chore_id, due_at) VALUES (:id, :at)",
                id=new_id(),
                at=now() - timedelta(seconds=1),
            )
        tx.wake("chores")


async def test_news_that_comes_while_all_hands_are_busy_waits_without_stopping_the_process(
    make_db: MakeDatabase,
) -> None:
    db = await make_db("chores", metadata)
    hands = Hands(db)
    runner = DueRunner(DueWork("chores", chores, hands, concurrency=2), db)
    running = asyncio.create_task(runner.run())
    await add_chores(db, 2)
    await eventually(lambda: len(hands.begun) == 2)

    await add_chores(db, 1)
    async with asyncio.timeout(5):
        for _ in range(20):
            await asyncio.sleep(0.01)
    assert len(hands.begun) == 2

    hands.let_go.set()
    await eventually(lambda: len(hands.begun) == 3)
    runner.stop()
    await running
