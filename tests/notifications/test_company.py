"""Mails that end at about the same time are written down together, and none waits long for another."""

import asyncio

from harness.post import Post
from harness.together import statements_of
from notifications.mailing.send_mail import Company
from notifications.previews.examples import example_order
from shared.clock import elapsed
from shared.due.work import DueRunner
from shared.ids import new_id


async def test_who_is_alone_does_not_wait() -> None:
    company, began = Company(linger_seconds=60), elapsed()

    with company.under_way():
        pass
    await company.gather()

    assert elapsed() - began < 5


async def test_who_is_done_waits_for_all_who_are_under_way() -> None:
    company, last = Company(linger_seconds=60), asyncio.Event()
    gone: list[str] = []

    async def go(name: str, when: asyncio.Event | None) -> None:
        with company.under_way():
            if when is not None:
                await when.wait()
            if name == "last":
                assert gone == []
        await company.gather()
        gone.append(name)

    tasks = [asyncio.create_task(go("last", last)), asyncio.create_task(go("first", None))]
    await asyncio.wait(tasks, timeout=0.1)
    last.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 5)

    assert sorted(gone) == ["first", "last"]


async def test_nobody_waits_for_one_who_does_not_come() -> None:
    company = Company(linger_seconds=0.05)

    with company.under_way():
        gone = await asyncio.wait_for(asyncio.gather(company.gather(), company.gather()), 5)

    assert list(gone) == [None, None]


async def test_mails_that_are_sent_together_are_begun_and_ended_in_one_transaction_each(post: Post) -> None:
    await post.hears(
        *(
            example_order(order_code=f"N-{number}").model_copy(update={"event_id": new_id()})
            for number in range(20)
        )
    )
    runner = DueRunner(post.sending.due_work(concurrency=50), post.db)
    with statements_of(post.db) as seen:
        running = asyncio.create_task(runner.run())
        while len(post.journal) < 20:
            await asyncio.wait([running], timeout=0.05)
        runner.stop()
        await running

    assert {row.state for row in await post.rows()} == {"sent"}
    assert len([one for one in seen if "INSERT INTO mail_attempts" in one]) == 1
    assert len([one for one in seen if "UPDATE mail_attempts" in one]) == 1
