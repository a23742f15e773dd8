"""Those who end at about the same time go on together, and none waits long for another.

No wait here has a deadline of its own: a machine that stands still for seconds would pass it.
"""

import asyncio

import pytest

from shared.due.company import Company

LONG_SECONDS = 3_600


async def test_who_is_alone_does_not_wait() -> None:
    company = Company(LONG_SECONDS)

    with company.under_way():
        pass
    going = company.gather()

    with pytest.raises(StopIteration):  # its first step is its last
        going.send(None)


async def test_who_is_done_waits_for_all_who_are_under_way() -> None:
    company = Company(LONG_SECONDS)

    with company.under_way():
        with company.under_way():
            pass
        first = asyncio.create_task(company.gather())
        await asyncio.wait([first], timeout=0.1)
        assert not first.done()
    await company.gather()
    await first


async def test_nobody_waits_for_one_who_does_not_come() -> None:
    company = Company(linger_seconds=0.05)

    with company.under_way():
        await asyncio.gather(company.gather(), company.gather())
