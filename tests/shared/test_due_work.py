"""Due work: claimed once, done at the same time up to a limit, and never at the cost of the process."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, MetaData, Table, Uuid

from harness.eventually import eventually
from harness.postgres import MakeDatabase
from harness.together import statements_of
from shared.cause import NO_CAUSE, Cause, current_cause
from shared.clock import now
from shared.database.sql import Row
from shared.database.transactions import Database, Tx
from shared.due.rows import claim_due, due_columns, due_index, strike_off, strike_off_all
from shared.due.work import DueRunner, DueWork
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

    async def __call__(self, row: Row) -> None:
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


async def test_a_wake_while_all_are_busy_does_not_stop_the_process(
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


async def test_done_items_look_for_no_more_rows_while_hands_are_free(make_db: MakeDatabase) -> None:
    db = await make_db("chores", metadata)
    hands = Hands(db)
    runner = DueRunner(DueWork("chores", chores, hands, concurrency=20), db, poll_seconds=600)
    await add_chores(db, 10)
    with statements_of(db) as seen:
        running = asyncio.create_task(runner.run())
        await eventually(lambda: len(hands.begun) == 10)
        hands.let_go.set()
        await eventually(lambda: len([one for one in seen if "due_at = $" in one]) == 10)
        await add_chores(db, 1)
        await eventually(lambda: len(hands.begun) == 11)
        runner.stop()
        await running
    assert len([one for one in seen if "SKIP LOCKED" in one]) == 2


async def test_free_hands_wait_for_others_to_take_several_rows(make_db: MakeDatabase) -> None:
    db = await make_db("chores", metadata)
    let_go = [asyncio.Event() for _ in range(10)]
    begun: list[UUID] = []

    async def perform(row: Row) -> None:
        begun.append(row.chore_id)
        await let_go[len(begun) - 1].wait()

    runner = DueRunner(
        DueWork("chores", chores, perform, concurrency=8, linger_seconds=60), db, poll_seconds=600
    )
    await add_chores(db, 10)
    with statements_of(db) as seen:
        running = asyncio.create_task(runner.run())
        await eventually(lambda: len(begun) == 8)
        let_go[0].set()
        await eventually(lambda: len(runner._running) == 7)
        let_go[1].set()
        await eventually(lambda: len(begun) == 10)
        runner.stop()
        for event in let_go:
            event.set()
        await running
    assert len([one for one in seen if "SKIP LOCKED" in one]) == 2


async def test_rows_that_are_put_off_do_not_keep_others_waiting(make_db: MakeDatabase) -> None:
    db = await make_db("chores", metadata)
    seen: list[UUID] = []

    async def put_off(tx: Tx, rows: Sequence[Row]) -> Sequence[Row]:
        seen.extend(row.chore_id for row in rows)
        await strike_off_all(tx, chores, [(row.chore_id, row.lease, None) for row in rows])
        return ()

    work = DueWork("chores", chores, Hands(db), begin=put_off, concurrency=2)
    runner = DueRunner(work, db, poll_seconds=600)
    await add_chores(db, 5)
    running = asyncio.create_task(runner.run())
    await eventually(lambda: len(seen) == 5)
    runner.stop()
    await running


class Counter:
    """Takes down who came, many at once; ``unwelcome`` breaks the transaction it is in."""

    def __init__(self, unwelcome: set[Any]) -> None:
        self.unwelcome = unwelcome
        self.begun: list[Any] = []
        self.batches: list[int] = []

    async def begin(self, tx: Tx, rows: Sequence[Row]) -> Sequence[Any]:
        self.begun += [row.chore_id for row in rows]
        return [(row.chore_id, row.lease) for row in rows]

    async def perform(self, item: tuple[UUID, UUID]) -> str:
        return "came"

    async def conclude(self, tx: Tx, done: Sequence[tuple[tuple[UUID, UUID], str]]) -> None:
        struck = await strike_off_all(tx, chores, [(key, lease, None) for (key, lease), _ in done])
        assert struck == {key for (key, _), _ in done}
        if struck & self.unwelcome:
            raise ValueError("unwelcome")
        self.batches.append(len(done))

    def work(self, *, concurrency: int) -> DueWork:
        return DueWork(
            "chores", chores, self.perform, begin=self.begin, conclude=self.conclude, concurrency=concurrency
        )


async def still_due(db: Database) -> set[UUID]:
    async with db.transaction() as tx:
        return {row.chore_id for row in await tx.rows("SELECT chore_id FROM chores WHERE due_at IS NOT NULL")}


async def test_items_done_together_are_stored_in_fewer_transactions(
    make_db: MakeDatabase,
) -> None:
    db = await make_db("chores", metadata)
    counter = Counter(set())
    runner = DueRunner(counter.work(concurrency=20), db)
    await add_chores(db, 20)
    running = asyncio.create_task(runner.run())
    await eventually(lambda: sum(counter.batches) == 20)
    assert len(counter.batches) < 20
    assert await still_due(db) == set()
    runner.stop()
    await running


async def test_results_wait_for_those_of_the_items_under_way(make_db: MakeDatabase) -> None:
    db = await make_db("chores", metadata)
    counter, rest, begun = Counter(set()), asyncio.Event(), 0

    async def perform(item: tuple[UUID, UUID]) -> str:
        nonlocal begun
        begun += 1
        if begun <= 5:
            await rest.wait()
        return "came"

    work = replace(counter.work(concurrency=10), perform=perform, linger_seconds=60)
    runner = DueRunner(work, db)
    await add_chores(db, 10)
    running = asyncio.create_task(runner.run())
    await eventually(lambda: begun == 10)
    assert counter.batches == []
    rest.set()
    await eventually(lambda: counter.batches == [10])
    runner.stop()
    await running


async def test_an_item_that_cannot_be_stored_fails_alone(make_db: MakeDatabase) -> None:
    db = await make_db("chores", metadata)
    await add_chores(db, 5)
    bad = min(await still_due(db))
    counter = Counter({bad})
    runner = DueRunner(counter.work(concurrency=5), db)
    running = asyncio.create_task(runner.run())
    await eventually(lambda: sum(counter.batches) == 4)
    assert await still_due(db) == {bad}
    runner.stop()
    await running


async def test_a_lease_is_prolonged_while_its_holder_lives(make_db: MakeDatabase) -> None:
    db = await make_db("chores", metadata)
    slow, quick = Hands(db), Hands(db)
    work = DueWork("chores", chores, slow, lease_seconds=1, prolong=True)
    holder = DueRunner(work, db)
    holding = asyncio.create_task(holder.run())
    await add_chores(db, 2)
    await eventually(lambda: len(slow.begun) == 2)
    other = DueRunner(DueWork("chores", chores, quick, lease_seconds=1), db, poll_seconds=0.1)
    watching = asyncio.create_task(other.run())

    async def prolonged_thrice() -> None:
        async with db.transaction() as tx:
            held = await tx.value("SELECT extract(epoch FROM leased_until - due_at) FROM chores LIMIT 1")
        assert held > 5

    await eventually(prolonged_thrice)
    assert quick.begun == []

    # It dies: its chores are taken over, here within about a second.
    for task in (holding, *holder._running, *holder._holding):
        task.cancel()
    await eventually(lambda: sorted(quick.begun) == sorted(slow.begun), seconds=10)
    quick.let_go.set()
    other.stop()
    await watching


async def test_no_plan_of_the_database_claims_more_than_was_wanted(make_db: MakeDatabase) -> None:
    db = await make_db("chores", metadata)
    await add_chores(db, 30)
    async with db.transaction() as tx:
        # What PostgreSQL may choose by itself once a table has grown: look for each row in the subquery anew.
        for way in ("seqscan", "hashagg", "hashjoin", "mergejoin", "material", "sort"):
            await tx.execute(f"SET LOCAL enable_{way} = off")

        claimed = await claim_due(tx, chores, rows_max=4, at=now())

    assert len(claimed) == 4


@dataclass(frozen=True, slots=True)
class Chore:
    """A claimed chore."""

    chore_id: UUID
    lease: UUID
    attempts: int


async def test_a_claimed_row_is_read_as_the_kind_of_its_work(make_db: MakeDatabase) -> None:
    db = await make_db("chores", metadata)
    await add_chores(db, 1)
    work, lease = DueWork("chores", chores, Hands(db), kind=Chore), new_id()
    async with db.transaction() as tx:
        await tx.execute("ALTER TABLE chores ADD COLUMN of_a_later_release text")
        [claimed] = await work.claim(tx, rows_max=9, at=now(), lease=lease)
    assert claimed == Chore(claimed.chore_id, lease, attempts=1)


async def test_what_is_done_follows_from_what_its_row_tells(make_db: MakeDatabase) -> None:
    db = await make_db("chores", metadata)
    seen: list[tuple[Cause, UUID | None]] = []

    async def perform(row: Row) -> None:
        seen.append((current_cause(), row.chore_id))
        async with db.transaction() as tx:
            await strike_off(tx, chores, row.chore_id, row.lease)

    with_cause = DueWork("chores", chores, perform, cause=lambda row: Cause(event_id=row.chore_id))
    for work in (with_cause, DueWork("chores", chores, perform)):
        seen.clear()
        await add_chores(db, 3)
        runner = DueRunner(work, db)
        running = asyncio.create_task(runner.run())
        await eventually(lambda: len(seen) == 3)
        runner.stop()
        await running
        expected = [Cause(event_id=key) if work is with_cause else NO_CAUSE for _, key in seen]
        assert [cause for cause, _ in seen] == expected
