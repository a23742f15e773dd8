"""Mails that end at about the same time are written down together."""

import asyncio
from dataclasses import replace

from harness.post import Post
from harness.together import statements_of
from notifications.previews.examples import example_order
from shared.due.work import DueRunner
from shared.ids import new_id


async def test_mails_sent_together_begin_in_one_transaction_and_end_so(post: Post) -> None:
    await post.hears(
        *(
            example_order(order_code=f"N-{number}").model_copy(update={"event_id": new_id()})
            for number in range(20)
        )
    )
    # However slow the machine is, they wait for each other.
    work = replace(post.sending.due_work(concurrency=50), linger_seconds=60)
    runner = DueRunner(work, post.db)
    with statements_of(post.db) as seen:
        running = asyncio.create_task(runner.run())
        while len(post.journal) < 20:
            await asyncio.wait([running], timeout=0.05)
        runner.stop()
        await running

    assert {row.state for row in await post.rows()} == {"sent"}
    assert len([one for one in seen if "INSERT INTO mail_attempts" in one]) == 1
    assert len([one for one in seen if "UPDATE mail_attempts" in one]) == 1
