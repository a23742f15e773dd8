"""Group commit: what comes while the last transaction runs is done together in the next one.

Alone, a thing waits for nobody. Under load one transaction, and one wait for the disk, serves many.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog

from shared.cause import NO_CAUSE, following

log = structlog.get_logger()

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    done: "asyncio.Future[Result]"


class Together(Generic[Item, Result]):
    """Does things in batches, in the order in which they came.

    ``run`` gets up to ``batch_max`` things and returns a result for each, in the same order. If it raises for
    several, each is run again alone, so one that cannot be done does not keep its neighbours from it; what it
    raises for one goes to whoever asked. Things with the same ``key`` never meet in one batch.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        batch_max: int = 200,
        key: Callable[[Item], Hashable] | None = None,
    ) -> None:
        self._run = run
        self._batch_max = batch_max
        self._key = key
        self._waiting: list[_Waiting[Item, Result]] = []
        self._runner: asyncio.Task[None] | None = None

    async def do(self, item: Item) -> Result:
        """Have ``item`` done with the next batch and return its result. Raises what ``run`` raised for it.

        Whoever is cancelled here only stops waiting: the thing is done all the same.
        """
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(item, done))
        if self._runner is None:
            # A task of its own, so that nobody's cancellation ends the work of others, and that follows from
            # nobody: it works for all.
            with following(NO_CAUSE):
                self._runner = asyncio.create_task(self._run_all())
        return await asyncio.shield(done)

    async def _run_all(self) -> None:
        try:
            while self._waiting:
                await self._run_batch(self._next_batch())
        finally:
            self._runner = None

    def _next_batch(self) -> list[_Waiting[Item, Result]]:
        batch: list[_Waiting[Item, Result]] = []
        later: list[_Waiting[Item, Result]] = []
        keys: set[Hashable] = set()
        for one in self._waiting:
            key = self._key(one.item) if self._key is not None else id(one)
            if len(batch) < self._batch_max and key not in keys:
                batch.append(one)
                keys.add(key)
            else:
                later.append(one)
        self._waiting = later
        return batch

    async def _run_batch(self, batch: Sequence[_Waiting[Item, Result]]) -> None:
        try:
            results = await self._run([one.item for one in batch])
        except Exception as error:
            if len(batch) == 1:
                _tell(batch[0].done, error)
                return
            log.debug("together.batch_split", error=type(error).__name__, things=len(batch))
            for one in batch:
                await self._run_batch([one])
        else:
            for one, result in zip(batch, results, strict=True):
                if not one.done.done():
                    one.done.set_result(result)


def _tell(done: "asyncio.Future[Any]", error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
        # Nobody may be waiting any more; that is no reason to complain in the log.
        done.exception()
