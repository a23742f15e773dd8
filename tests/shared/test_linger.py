"""Those who end at about the same time go on together, and none waits long for another.

No wait here has a deadline of its own: a machine that stands still for seconds would pass it.
"""

import asyncio

import pytest

from shared.due.linger import Linger

LONG_SECONDS = 3_600


async def test_who_is_alone_does_not_wait() -> None:
    linger = Linger(LONG_SECONDS)

    with linger.under_way():
        pass
    going = linger.gather()

    with pytest.raises(StopIteration):  # its first step is its last
        going.send(None)


async def test_who_is_done_waits_for_all_who_are_under_way() -> None:
    linger = Linger(LONG_SECONDS)

    with linger.under_way():
        with linger.under_way():
            pass
        first = asyncio.create_task(linger.gather())
        await asyncio.wait([first], timeout=0.1)
        assert not first.done()
    await linger.gather()
    await first


async def test_nobody_waits_for_one_who_does_not_come() -> None:
    linger = Linger(linger_seconds=0.05)

    with linger.under_way():
        await asyncio.gather(linger.gather(), linger.gather())
