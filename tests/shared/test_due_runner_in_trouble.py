"""Due work when things go wrong: a lost database, a broken hand, rows that nobody was woken for."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Column, MetaData, Table, Uuid
from structlog.testing import capture_logs

from harness.counted import counted
from harness.eventually import eventually
from harness.postgres import MakeDatabase
from harness.trouble import shaky
from shared.clock import now
from shared.database.sql import Row
from shared.database.transactions import Database, Tx
from shared.due.rows import claim_due, due_columns, due_index, strike_off
from shared.due.work import DueRunner, DueWork
from shared.ids import new_id

metadata = MetaData()
chores = Table("chores", metadata, Column("chore_id", Uuid, primary_key=True), *due_columns())
due_index(chores)


async def add_chore(db: Database) -> None:
    """Write a chore down and tell nobody."""
    async with db.transaction() as tx:
        sql = "INSERT INTO chores (chore_id, due_at) VALUES (:id, :at)"
        await tx.execute(sql, id=new_id(), at=now() - timedelta(seconds=1))


async def stopped(runner: DueRunner, task: "asyncio.Task[None]") -> None:
    """Stop the runner and wait for its end."""
    runner.stop()
    await asyncio.wait_for(task, 10)


@pytest.mark.parametrize("error", [ZeroDivisionError(), ConnectionError()])
async def test_an_item_that_fails_leaves_its_row_leased_and_others_run(
    make_db: MakeDatabase, error: Exception
) -> None:
    db, done = await make_db("chores", metadata), []

    async def perform(row: Row) -> None:
        done.append(row.chore_id)
        if len(done) == 1:
            raise error

    def counts() -> list[float]:
        return [
            counted("noren_due_work_total", work="chores", outcome=outcome) for outcome in ("done", "failed")
        ]

    before = counts()
    runner = DueRunner(DueWork("chores", chores, perform), db, poll_seconds=0.05)
    task = asyncio.create_task(runner.run())
    await add_chore(db)
    await eventually(lambda: len(done) == 1)
    await add_chore(db)
    await eventually(lambda: len(done) == 2)
    async with db.transaction() as tx:
        leased = await tx.rows(
            "SELECT attempts FROM chores WHERE leased_until > now() AND due_at IS NOT NULL"
        )
    assert [row.attempts for row in leased] == [1, 1]
    await stopped(runner, task)
    assert counts() == [before[0] + 1, before[1] + 1]


async def test_a_runner_outlives_its_database() -> None:
    nowhere = Database("postgresql+asyncpg://nobody@127.0.0.1:1/none", service="chores")

    async def perform(row: Row) -> None:
        raise AssertionError(row)

    runner = DueRunner(DueWork("chores", chores, perform), nowhere, poll_seconds=0.02)
    before = runner.alive_at
    task = asyncio.create_task(runner.run())
    await eventually(lambda: runner.alive_at > before + 0.1)
    assert not task.done()
    await stopped(runner, task)
    await nowhere.close()


async def test_a_bug_in_the_claim_is_no_database_trouble(make_db: MakeDatabase) -> None:
    db = await make_db("chores", MetaData())

    async def perform(row: Row) -> None:
        raise AssertionError(row)

    with pytest.raises(Exception, match="chores"):
        await asyncio.wait_for(DueRunner(DueWork("chores", chores, perform), db).run(), 10)


async def test_a_runner_that_stops_lets_what_is_in_hand_finish(make_db: MakeDatabase) -> None:
    db, let_go, finished = await make_db("chores", metadata), asyncio.Event(), []

    async def perform(row: Row) -> None:
        await let_go.wait()
        finished.append(row.chore_id)

    runner = DueRunner(DueWork("chores", chores, perform), db, poll_seconds=0.02)
    task = asyncio.create_task(runner.run())
    await add_chore(db)

    async def taken() -> None:
        async with db.transaction() as tx:
            assert await tx.value("SELECT count(*) FROM chores WHERE lease IS NOT NULL") == 1

    await eventually(taken)
    runner.stop()
    await asyncio.sleep(0)
    assert not task.done()
    let_go.set()
    await asyncio.wait_for(task, 10)
    assert len(finished) == 1


async def test_an_outcome_is_written_down_once_the_database_is_back(make_db: MakeDatabase) -> None:
    db, performed, troubles = await make_db("chores", metadata), [], [ConnectionError(), TimeoutError()]

    async def perform(row: Row) -> str:
        performed.append(row.chore_id)
        return "outcome"

    async def conclude(tx: Tx, done: Sequence[tuple[Row, str]]) -> None:
        for row, outcome in done:
            assert outcome == "outcome"
            assert await strike_off(tx, chores, row.chore_id, row.lease)
        if troubles:
            raise troubles.pop()

    runner = DueRunner(DueWork("chores", chores, perform, conclude=conclude), db, poll_seconds=0.05)
    task = asyncio.create_task(runner.run())
    await add_chore(db)

    async def struck_off() -> None:
        assert [row.due_at for row in await db.look("SELECT due_at FROM chores")] == [None]

    await eventually(struck_off)
    assert len(performed) == 1
    await stopped(runner, task)


class ForgetfulDatabase(Database):
    """Commits, and loses the answer, as often as it is told to."""

    answers_lost = 0

    @asynccontextmanager
    async def transaction(self, **about: Any) -> AsyncIterator[Tx]:
        """Open a transaction whose answer may get lost."""
        async with super().transaction(**about) as tx:
            yield tx
        if self.answers_lost:
            self.answers_lost -= 1
            raise ConnectionError("the answer to COMMIT was lost")


async def test_a_claim_with_a_lost_commit_is_made_again_at_once(
    make_db: MakeDatabase,
) -> None:
    db, attempts = await make_db("chores", metadata), []
    await add_chore(db)
    forgetful = ForgetfulDatabase(db.url, service="chores")
    forgetful.answers_lost = 1

    async def perform(row: Row) -> None:
        attempts.append(row.attempts)

    work = DueWork("chores", chores, perform, lease_seconds=3600)
    runner = DueRunner(work, forgetful, poll_seconds=0.05)
    task = asyncio.create_task(runner.run())
    await eventually(lambda: attempts == [2])
    await stopped(runner, task)
    await forgetful.close()


async def test_a_runner_stopped_while_claiming_does_it_and_ends(
    make_db: MakeDatabase,
) -> None:
    db, done = await make_db("chores", metadata), []

    async def begin(tx: Tx, rows: Sequence[Row]) -> Sequence[Row]:
        runner.stop()
        return rows

    async def perform(row: Row) -> None:
        done.append(row.chore_id)

    runner = DueRunner(DueWork("chores", chores, perform, begin=begin), db, poll_seconds=600)
    await add_chore(db)
    await asyncio.wait_for(runner.run(), 10)
    assert len(done) == 1


async def test_only_the_holder_of_a_lease_strikes_a_row_off(
    make_db: MakeDatabase,
) -> None:
    db, later = await make_db("chores", metadata), now() + timedelta(hours=1)
    await add_chore(db)
    async with db.transaction() as tx:
        [row] = await claim_due(tx, chores, rows_max=9, at=now())
        assert await claim_due(tx, chores, rows_max=9, at=now()) == []
        assert not await strike_off(tx, chores, row.chore_id, new_id())
        assert not await strike_off(tx, chores, new_id(), row.lease)
        assert await strike_off(tx, chores, row.chore_id, row.lease, due_at=later)
        [after] = await tx.rows("SELECT * FROM chores")
        assert (after.due_at, after.lease, after.leased_until, after.attempts) == (later, None, None, 1)
        assert await claim_due(tx, chores, rows_max=9, at=later - timedelta(seconds=1)) == []
        [again] = await claim_due(tx, chores, rows_max=9, at=later)
        assert (again.attempts, again.lease == row.lease) == (2, False)


async def test_the_oldest_row_comes_first_and_an_old_lease_is_free(
    make_db: MakeDatabase,
) -> None:
    db = await make_db("chores", metadata)
    async with db.transaction() as tx:
        for minutes in (1, 3, 2):
            sql = "INSERT INTO chores (chore_id, due_at) VALUES (:id, :at)"
            await tx.execute(sql, id=new_id(), at=now() - timedelta(minutes=minutes))
    async with db.transaction() as tx:
        first = await claim_due(tx, chores, rows_max=2, at=now(), lease_seconds=45)
        assert {round((now() - row.due_at).total_seconds() / 60) for row in first} == {2, 3}
        left = await tx.value("SELECT max(extract(epoch FROM leased_until - now())) FROM chores")
        assert left == pytest.approx(45, abs=1)
        await tx.execute("UPDATE chores SET leased_until = now() - interval '1 second'")
    async with db.transaction() as tx:
        assert len(await claim_due(tx, chores, rows_max=9, at=now())) == 3


async def leased_until(db: Database) -> datetime:
    """Return when the lease of the only chore ends."""
    async with db.transaction() as tx:
        until: datetime = await tx.value("SELECT leased_until FROM chores")
    return until


async def test_a_lease_is_prolonged_again_once_the_database_is_back(
    make_db: MakeDatabase,
) -> None:
    plain, let_go, begun = await make_db("chores", metadata), asyncio.Event(), []

    async def perform(row: Row) -> None:
        begun.append(row.lease)
        await let_go.wait()

    async with shaky(plain) as db:
        work = DueWork("chores", chores, perform, concurrency=1, lease_seconds=1, prolong=True)
        runner = DueRunner(work, db, poll_seconds=0.05)
        task = asyncio.create_task(runner.run())
        await add_chore(plain)
        await eventually(lambda: len(begun) == 1)
        db.trouble = ConnectionError()
        await eventually(lambda: db.refusals > 0)
        first = await leased_until(plain)
        db.trouble = None

        async def prolonged() -> None:
            assert await leased_until(plain) > first

        await eventually(prolonged)
        runner.stop()
        let_go.set()
        await asyncio.wait_for(task, 10)
    assert len(begun) == 1, "nobody else got it, nor this one twice"


async def test_a_bug_while_prolonging_is_logged_and_tried_again(
    make_db: MakeDatabase,
) -> None:
    plain, let_go = await make_db("chores", metadata), asyncio.Event()
    begun: list[Row] = []

    async def perform(row: Row) -> None:
        begun.append(row)
        await let_go.wait()

    async with shaky(plain) as db:
        work = DueWork("chores", chores, perform, concurrency=1, lease_seconds=1, prolong=True)
        runner = DueRunner(work, db, poll_seconds=30)
        await add_chore(plain)
        task = asyncio.create_task(runner.run())
        await eventually(lambda: len(begun) == 1)
        first = await leased_until(plain)
        with capture_logs() as logs:
            db.trouble = ZeroDivisionError()
            await eventually(lambda: logs != [])
            db.trouble = None
        told = {(line["event"], line["log_level"], line["work"], line["exc_info"]) for line in logs}
        assert told == {("due.not_prolonged", "error", "chores", True)}

        async def prolonged() -> None:
            assert await leased_until(plain) > first

        await eventually(prolonged)
        let_go.set()
        await stopped(runner, task)
