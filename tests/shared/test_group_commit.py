"""Items that arrive while a transaction runs share the next one. If one fails, the others do not."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.database.group_commit import GroupCommit


class Kitchen:
    """Doubles numbers; refuses those in ``spoiled``; each batch waits until ``let_go``."""

    def __init__(self, spoiled: frozenset[int] = frozenset()) -> None:
        self.spoiled = spoiled
        self.batches: list[list[int]] = []
        self.let_go = asyncio.Event()

    async def run(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self.let_go.wait()
        if self.spoiled & set(items):
            raise ValueError("spoiled")
        return [2 * item for item in items]


async def _all_begun() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_comes_during_a_batch_is_the_next_batch() -> None:
    kitchen = Kitchen()
    commits = GroupCommit(kitchen.run)
    first = asyncio.create_task(commits.do(1))
    await _all_begun()
    rest = [asyncio.create_task(commits.do(number)) for number in (2, 3, 4)]
    await _all_begun()
    kitchen.let_go.set()
    assert await asyncio.gather(first, *rest) == [2, 4, 6, 8]
    assert kitchen.batches == [[1], [2, 3, 4]]


async def test_one_that_cannot_be_done_fails_alone() -> None:
    kitchen = Kitchen(frozenset({2}))
    kitchen.let_go.set()
    commits = GroupCommit(kitchen.run)
    results = await asyncio.gather(*(commits.do(number) for number in (1, 2, 3)), return_exceptions=True)
    assert results[0] == 2
    assert isinstance(results[1], ValueError)
    assert results[2] == 6
    assert kitchen.batches == [[1, 2, 3], [1], [2], [3]]


async def test_batches_are_bounded_and_keep_the_order() -> None:
    kitchen = Kitchen()
    kitchen.let_go.set()
    commits = GroupCommit(kitchen.run, batch_max=2)
    assert await asyncio.gather(*(commits.do(number) for number in range(5))) == [0, 2, 4, 6, 8]
    assert kitchen.batches == [[0, 1], [2, 3], [4]]


async def test_things_with_the_same_key_are_done_one_after_the_other() -> None:
    kitchen = Kitchen()
    kitchen.let_go.set()
    commits = GroupCommit(kitchen.run, key=lambda number: number % 10)
    await asyncio.gather(*(commits.do(number) for number in (1, 11, 2, 21)))
    assert kitchen.batches == [[1, 2], [11], [21]]


async def test_who_stops_waiting_does_not_stop_the_others() -> None:
    kitchen = Kitchen()
    commits = GroupCommit(kitchen.run)
    impatient = asyncio.create_task(commits.do(1))
    patient = asyncio.create_task(commits.do(2))
    await _all_begun()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    kitchen.let_go.set()
    assert await patient == 4
    assert kitchen.batches == [[1, 2]]
