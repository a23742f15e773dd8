"""Those who end at about the same time go on together, and none waits long for another."""

import asyncio

from shared.clock import elapsed
from shared.due.company import Company


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
