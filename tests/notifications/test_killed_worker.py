"""A worker killed between the server's 250 and its own commit (K13): one more copy, the same Message-ID, no loss."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from harness.eventually import eventually
from harness.mail_sink import MailSink
from harness.post import SHOP, Post
from notifications.previews.examples import example_order
from shared.database import Database
from shared.events import MailSent

# The sender alone, as the worker role runs it; it needs no broker.
WORKER = """
import asyncio
from notifications.main import make
from shared.due import DueRunner


async def work():
    service = make()
    await DueRunner(service.due_work[0], service.db).run()


asyncio.run(work())
"""


@asynccontextmanager
async def worker(db: Database, sink: MailSink, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that sends what is due, until the block ends."""
    environment = {
        **os.environ,
        "DATABASE_URL": db.url,
        "AMQP_URL": "amqp://nobody@127.0.0.1:1/",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(sink.port),
        "MAIL_FROM": f"Noren <{SHOP.mail}>",
        **more,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def test_a_worker_killed_after_the_server_accepted_costs_one_more_copy_and_no_mail(
    post: Post, db: Database, sink: MailSink, tmp_path: Path
) -> None:
    await post.hears(*(example_order(order_code=f"N-{number}") for number in range(3)))
    mark = tmp_path / "crashes"

    async with worker(db, sink, CRASH_AT="K13:2", CRASH_MARK=str(mark)) as first:
        assert await asyncio.wait_for(first.wait(), 30) == 137
    kills = len(mark.read_text().split())
    assert kills == 1
    async with db.transaction() as tx:
        # Nobody waits twenty seconds in a test for the dead worker's leases to run out.
        await tx.execute(
            "UPDATE mails SET leased_until = now() - interval '1 second' WHERE lease IS NOT NULL"
        )

    async with worker(db, sink):

        async def all_are_sent() -> None:
            assert [row.state for row in await post.rows()] == ["sent"] * 3

        await eventually(all_are_sent, seconds=30)

    ids = {row.message_id for row in await post.rows()}
    copies = [copy.message["Message-ID"] for copy in post.journal]
    assert set(copies) == ids
    # One kill: a mail that was on its way then has one copy more, no mail has two more (N1).
    assert 1 < max(Counter(copies).values()) <= 1 + kills
    assert len([event for event in await post.said() if isinstance(event, MailSent)]) == 3
