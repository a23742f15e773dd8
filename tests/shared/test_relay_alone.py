"""The relay against a broker of the test's own making: what is marked, what stays, and what wakes it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import MetaData
from structlog.testing import capture_logs

from harness.counted import counted
from harness.eventually import eventually
from harness.postgres import MakeDatabase
from harness.trouble import shaky, time_passed
from shared.database.outbox import (
    LEASE_SECONDS,
    OutboxRow,
    claim_unsent,
    forget_sent,
    oldest_unsent_seconds,
    outbox_table,
)
from shared.database.transactions import Database
from shared.events import PointsUsed
from shared.ids import new_id
from shared.messaging.amqp import BrokerUnavailable, Outgoing, Publisher
from shared.messaging.inbox import inbox_table
from shared.messaging.relay import BATCH_ROWS, HANDED_OVER_MAX, TIDY_EVERY_SECONDS, TIDY_ROWS, Relay
from tests.shared.memory_broker import Post

metadata = MetaData()
outbox_table(metadata)
inbox_table(metadata)


@asynccontextmanager
async def relaying(db: Database, post: Post, *, look_every: float = 0.05) -> AsyncIterator[Relay]:
    """Run a relay of ``db`` that brings everything to ``post``."""
    relay = Relay(db, cast(Publisher, post), look_every_seconds=look_every)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        relay.stop()
        await asyncio.wait_for(task, 10)


async def say(db: Database, *codes: str) -> None:
    """Say an event about each code."""
    async with db.transaction() as tx:
        tx.say(*(PointsUsed(member_id=new_id(), points=1, order_code=code) for code in codes))


async def unsent(db: Database) -> list[str]:
    """What is not marked."""
    async with db.transaction() as tx:
        rows = await tx.rows("SELECT correlation FROM outbox WHERE published_at IS NULL ORDER BY seq")
    return [row.correlation for row in rows]


async def test_events_go_out_in_order_with_envelope_and_are_marked(make_db: MakeDatabase) -> None:
    db, post = await make_db("members", metadata), Post()
    await say(db, "N1", "N2", "N3")
    async with relaying(db, post):
        await eventually(lambda: len(post.taken) == 3)

        async def marked() -> None:
            assert await unsent(db) == []

        await eventually(marked)
    assert post.taken == ["N1", "N2", "N3"]
    first = post.messages[0]
    assert (first.exchange, first.routing_key) == ("members.events", PointsUsed.type)
    assert (first.properties.message_type, first.properties.app_id) == (PointsUsed.type, "members")
    assert first.properties.headers is not None
    assert first.properties.headers["shop"] == "noren"
    assert PointsUsed.model_validate_json(first.body).order_code == "N1"


async def test_an_unconfirmed_event_is_sent_again_before_its_mark(
    make_db: MakeDatabase,
) -> None:
    db, post = await make_db("members", metadata), Post()
    post.open = False
    async with relaying(db, post) as relay:
        db.relay = relay
        await say(db, "N1")
        await eventually(lambda: post.refusals > 0)
        db.relay = None
        assert await unsent(db) == ["N1"]
        post.open = True
        async with db.transaction() as tx:
            await tx.execute("UPDATE outbox SET leased_until = now() - interval '1 second'")
        await eventually(lambda: post.taken == ["N1"])

        async def marked() -> None:
            assert await unsent(db) == []

        await eventually(marked)


async def test_no_event_waits_for_a_lease_once_the_broker_is_back(make_db: MakeDatabase) -> None:
    db, post = await make_db("members", metadata), Post()
    post.open = False
    async with relaying(db, post) as relay:
        db.relay = relay
        await say(db, "N1", "N2")
        await eventually(lambda: post.refusals > 0)
        await say(db, "N3")
        refusals = post.refusals
        await eventually(lambda: post.refusals > refusals + 1)
        post.open = True
        await eventually(lambda: post.taken == ["N1", "N2", "N3"], seconds=LEASE_SECONDS / 2)
        db.relay = None


async def test_an_event_that_no_queue_takes_stays_and_blocks_none(make_db: MakeDatabase) -> None:
    db, post = await make_db("members", metadata), Post()
    post.no_queue = "N2"
    await say(db, "N1", "N2", "N3")
    async with relaying(db, post):

        async def others_marked() -> None:
            assert await unsent(db) == ["N2"]

        await eventually(others_marked)
        async with db.transaction() as tx:
            await tx.execute("UPDATE outbox SET leased_until = NULL")
        await eventually(lambda: post.taken.count("N2") > 1)
    assert await unsent(db) == ["N2"]


async def test_operators_count_published_unroutable_and_oldest_unsent(
    make_db: MakeDatabase,
) -> None:
    db, post = await make_db("members", metadata), Post()
    post.no_queue = "N2"
    names = ("noren_published_total", "noren_unroutable_total")
    before = [counted(name, type=PointsUsed.type) for name in names]
    await say(db, "N1", "N2", "N3")
    async with db.transaction() as tx:
        await tx.execute("UPDATE outbox SET created_at = now() - interval '90 seconds'")
    async with relaying(db, post, look_every=600) as relay:
        await eventually(lambda: len(post.taken) == 3)
        assert relay.oldest_unsent_seconds == pytest.approx(90, abs=30)
        assert counted("noren_outbox_oldest_unsent_seconds") == relay.oldest_unsent_seconds
    after = [counted(name, type=PointsUsed.type) for name in names]
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 1]


def delays(*, within: str = "+Inf") -> float:
    """How many events took so many seconds at most from commit to confirm."""
    return counted("noren_publish_delay_seconds_bucket", le=within)


async def test_operators_see_the_seconds_from_commit_to_confirm(
    make_db: MakeDatabase,
) -> None:
    db, post = await make_db("members", metadata), Post()
    post.no_queue = "N3"
    await say(db, "N1", "N2", "N3")
    async with db.transaction() as tx:
        await tx.execute("UPDATE outbox SET created_at = now() - interval '20 seconds'")
    every, late, soon = delays(), delays(within="30.0"), delays(within="5.0")
    async with relaying(db, post, look_every=600) as relay:
        await eventually(lambda: delays() == every + 2)
        assert (delays(within="30.0"), delays(within="5.0")) == (late + 2, soon)
        db.relay = relay
        await say(db, "N4")
        await eventually(lambda: delays() == every + 3)
        db.relay = None
        assert delays(within="5.0") == soon + 1


async def test_more_than_a_batch_goes_out_without_a_pause(make_db: MakeDatabase) -> None:
    db, post = await make_db("members", metadata), Post()
    codes = [f"N{number}" for number in range(BATCH_ROWS + 7)]
    await say(db, *codes)
    async with relaying(db, post, look_every=60):
        await eventually(lambda: len(post.taken) == len(codes))
    assert [len(batch) for batch in post.batches] == [BATCH_ROWS, 7]
    assert post.taken == codes


async def test_an_idle_relay_is_woken_by_any_process_at_once(make_db: MakeDatabase) -> None:
    db, post = await make_db("members", metadata), Post()
    address = db.dsn
    async with relaying(db, post, look_every=600) as relay:
        listening = asyncio.create_task(relay.listen(address))

        async def heard() -> None:
            await say(db, "other")
            await asyncio.sleep(0)
            assert "other" in post.taken

        await eventually(heard)
        async with db.transaction() as tx:
            listeners = await tx.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
        assert listeners
        post.batches.clear()
        await eventually(heard)
        db.relay = relay
        await say(db, "own")
        await eventually(lambda: "own" in post.taken)
        db.relay = None
        listening.cancel()
        await asyncio.wait([listening])


async def test_memory_stays_bounded_while_the_broker_is_away(make_db: MakeDatabase) -> None:
    db, post = await make_db("members", metadata), Post()
    relay = Relay(db, cast(Publisher, post), look_every_seconds=600)
    row = OutboxRow(
        0,
        new_id(),
        PointsUsed.type,
        "N1",
        "{}",
        "{}",
        PointsUsed(member_id=new_id(), points=1, order_code="N1").occurred_at,
    )
    relay.hand_over([row] * (HANDED_OVER_MAX - 1))
    relay.hand_over([row])
    relay.hand_over([row])
    relay.stop()
    await relay.run()
    assert len(post.taken) == HANDED_OVER_MAX


async def test_a_relay_outlives_its_database_and_stops_when_told() -> None:
    nowhere = Database("postgresql+asyncpg://nobody@127.0.0.1:1/none", service="members")
    relay = Relay(nowhere, cast(Publisher, Post()))
    task = asyncio.create_task(relay.run())
    before = relay.alive_at
    await eventually(lambda: relay.alive_at > before)
    assert not task.done()
    relay.stop()
    await asyncio.wait_for(task, 10)
    await nowhere.close()


async def test_a_bug_in_the_relay_is_no_database_trouble(make_db: MakeDatabase) -> None:
    db = await make_db("members", MetaData())
    with pytest.raises(Exception, match="outbox"):
        await asyncio.wait_for(Relay(db, cast(Publisher, Post())).run(), 10)


async def test_only_rows_confirmed_long_ago_are_deleted(
    make_db: MakeDatabase,
) -> None:
    db = await make_db("members", metadata)
    async with db.transaction() as tx:
        assert await oldest_unsent_seconds(tx) == 0
    await say(db, "old", "older", "recent", "unsent")
    async with db.transaction() as tx:
        ages = {
            "old": timedelta(days=7, minutes=1),
            "older": timedelta(days=9),
            "recent": timedelta(days=6),
        }
        for code, age in ages.items():
            await tx.execute(
                "UPDATE outbox SET published_at = now() - CAST(:age AS interval) WHERE correlation = :code",
                age=age,
                code=code,
            )
        await tx.execute(
            "UPDATE outbox SET created_at = now() - interval '100 days' WHERE correlation = 'unsent'"
        )
    async with db.transaction() as tx:
        assert await oldest_unsent_seconds(tx) == pytest.approx(100 * 86_400, abs=60)
        assert await forget_sent(tx, rows_max=1) == 1
        assert await forget_sent(tx) == 1
        assert await forget_sent(tx) == 0
        left = [row.correlation for row in await tx.rows("SELECT correlation FROM outbox ORDER BY seq")]
    assert left == ["recent", "unsent"]


async def test_the_oldest_rows_are_claimed_first_and_leases_run_out(make_db: MakeDatabase) -> None:
    db = await make_db("members", metadata)
    await say(db, "N1", "N2", "N3")
    async with db.transaction() as tx:
        assert [row.correlation for row in await claim_unsent(tx, rows_max=2)] == ["N1", "N2"]
    async with db.transaction() as tx:
        assert [row.correlation for row in await claim_unsent(tx, rows_max=9)] == ["N3"]
        await tx.execute(
            "UPDATE outbox SET leased_until = now() - interval '1 second' WHERE correlation = 'N1'"
        )
    async with db.transaction() as tx:
        assert [row.correlation for row in await claim_unsent(tx, rows_max=9)] == ["N1"]


async def test_confirms_of_a_moment_are_marked_together(make_db: MakeDatabase) -> None:
    db, post = await make_db("members", metadata), Post()
    seen: list[str] = []
    db.watchers.append(seen.append)
    async with relaying(db, post, look_every=1.0) as relay:
        db.relay = relay
        for number in range(20):
            await say(db, f"N{number}")

        async def marked() -> None:
            assert await unsent(db) == []

        await eventually(marked)
    assert len(post.batches) > 1
    marks = [statement for statement in seen if statement.startswith("UPDATE outbox AS o SET published_at")]
    assert len(marks) < len(post.batches)


async def test_what_was_confirmed_is_marked_before_the_relay_ends(make_db: MakeDatabase) -> None:
    db, post = await make_db("members", metadata), Post()
    async with relaying(db, post, look_every=30.0) as relay:
        db.relay = relay
        await say(db, "N1")
        await eventually(lambda: post.taken == ["N1"])
    assert await unsent(db) == []


class Hook(Post):
    """Does something each time after it has taken messages."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self.then = then

    async def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Answer as the publisher does."""
        answers = await super().publish(messages)
        self.then()
        return answers


def a_row(code: str) -> OutboxRow:
    """A row as a transaction hands it over, of no table."""
    said = PointsUsed(member_id=new_id(), points=1, order_code=code)
    return OutboxRow(0, said.event_id, said.type, code, "{}", "{}", said.occurred_at)


async def test_a_busy_process_does_not_starve_rows_of_others(
    make_db: MakeDatabase,
) -> None:
    db, busy = await make_db("members", metadata), True

    def say_more() -> None:
        if busy:
            relay.hand_over([a_row("own")])

    post = Hook(say_more)
    async with relaying(db, post) as relay:
        relay.hand_over([a_row("own")])
        await say(db, "other")
        await eventually(lambda: "other" in post.taken)
        busy = False
    assert post.taken.count("own") > 1


async def test_a_relay_stopped_without_broker_leaves_rows_to_others(
    make_db: MakeDatabase,
) -> None:
    db, post = await make_db("members", metadata), Post()
    post.open = False
    async with relaying(db, post) as relay:
        db.relay = relay
        await say(db, "N1", "N2")
        await eventually(lambda: post.refusals > 0)
        db.relay = None
    async with db.transaction() as tx:
        assert [row.correlation for row in await claim_unsent(tx, rows_max=9)] == ["N1", "N2"]


class LastRefusal(Post):
    """Is away, and stops the relay that finds it so."""

    def __init__(self) -> None:
        super().__init__()
        self.relay: Relay | None = None

    async def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Refuse."""
        assert self.relay is not None
        self.relay.stop()
        raise BrokerUnavailable("away")


async def test_a_relay_stopped_while_publishing_ends_and_frees_rows(
    make_db: MakeDatabase,
) -> None:
    db, post = await make_db("members", metadata), LastRefusal()
    await say(db, "N1", "N2")
    post.relay = Relay(db, cast(Publisher, post), look_every_seconds=600)
    await asyncio.wait_for(post.relay.run(), 10)
    async with db.transaction() as tx:
        assert [row.correlation for row in await claim_unsent(tx, rows_max=9)] == ["N1", "N2"]


@pytest.mark.parametrize("error", [ConnectionError(), ZeroDivisionError()])
async def test_without_broker_and_database_only_a_bug_ends_a_relay(
    make_db: MakeDatabase, error: Exception
) -> None:
    post = Post()
    async with shaky(await make_db("members", metadata)) as db:
        relay = Relay(db, cast(Publisher, post), look_every_seconds=600)
        task = asyncio.create_task(relay.run())
        before = relay.alive_at
        await eventually(lambda: relay.alive_at > before)
        db.trouble, post.open = error, False
        relay.hand_over([a_row("N1")])
        await eventually(lambda: db.refusals > 0)
        assert post.refusals == 1
        if isinstance(error, ConnectionError):
            db.trouble, post.open = None, True
            relay.hand_over([a_row("N2")])
            await eventually(lambda: post.taken == ["N2"])
            relay.stop()
            await asyncio.wait_for(task, 10)
        else:
            with pytest.raises(ZeroDivisionError):
                await asyncio.wait_for(task, 10)


@pytest.mark.parametrize("error", [ConnectionError(), ZeroDivisionError()])
async def test_unmarked_rows_at_the_end_are_said_again_by_the_next(
    make_db: MakeDatabase, error: Exception
) -> None:
    plain = await make_db("members", metadata)
    async with shaky(plain) as db:

        def end() -> None:
            db.trouble = error
            relay.stop()

        relay = Relay(db, cast(Publisher, Hook(end)), look_every_seconds=600)
        await say(plain, "N1")
        if isinstance(error, ConnectionError):
            await asyncio.wait_for(relay.run(), 10)
        else:
            with pytest.raises(ZeroDivisionError):
                await asyncio.wait_for(relay.run(), 10)
        assert db.refusals == 1
    assert await unsent(plain) == ["N1"]


OLD_ROWS = """
    INSERT INTO outbox (event_id, type, correlation, body, headers, occurred_at, published_at)
    SELECT gen_random_uuid(), 'points_used.v1', 'old', '{}', '{}', now(), now() - interval '8 days'
    FROM generate_series(1, :count)
"""


async def left(db: Database) -> tuple[int, int]:
    """Return how many old rows the outbox and the inbox have."""
    async with db.transaction() as tx:
        return (
            await tx.value("SELECT count(*) FROM outbox WHERE correlation = 'old'"),
            await tx.value("SELECT count(*) FROM inbox"),
        )


async def test_a_relay_deletes_old_rows_in_portions(
    make_db: MakeDatabase,
) -> None:
    db, post = await make_db("members", metadata), Post()
    async with db.transaction() as tx:
        await tx.execute(OLD_ROWS, count=TIDY_ROWS + 1)
        await tx.execute(
            "INSERT INTO inbox SELECT 'members.note_use', gen_random_uuid(), now() - interval '91 days'"
        )
    async with relaying(db, post) as relay:
        before = relay.alive_at
        await eventually(lambda: relay.alive_at > before + 0.2)
        assert await left(db) == (TIDY_ROWS + 1, 1), "not at every look"
        with time_passed(TIDY_EVERY_SECONDS + 1):

            async def tidied() -> None:
                assert await left(db) == (0, 0)

            await eventually(tidied)
            async with db.transaction() as tx:
                await tx.execute(OLD_ROWS, count=3)
            before = relay.alive_at
            await eventually(lambda: relay.alive_at > before + 0.2)
            assert await left(db) == (3, 0), "and then not for a while"
            relay.stop()


async def test_who_cannot_listen_tries_again_and_ends_with_the_relay(make_db: MakeDatabase) -> None:
    db = await make_db("members", metadata)
    relay = Relay(db, cast(Publisher, Post()))
    with capture_logs() as logs:
        listening = asyncio.create_task(relay.listen("postgresql://nobody@127.0.0.1:1/none"))
        await eventually(lambda: len(logs) > 1)
        relay.stop()
        await asyncio.wait_for(listening, 10)
    assert {(line["event"], line["error"]) for line in logs} == {
        ("relay.listener_lost", "ConnectionRefusedError")
    }
