"""Group commit: items that arrive while a transaction runs share the next one.

A single item does not wait. Under load, one transaction and one wait for the disk serve many items.
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


class GroupCommit(Generic[Item, Result]):
    """Runs items in batches, in the order of their arrival.

    ``run`` gets up to ``batch_max`` items and returns a result for each, in the same order. If it raises for several,
    each is run again alone. A bad item then fails alone, and its caller gets the error. Items with the same ``key`` are
    never in one batch.
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
        """Run ``item`` with the next batch and return its result. Raises the error of ``run`` for it.

        If the caller is cancelled, it stops waiting, but the item still runs.
        """
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(item, done))
        if self._runner is None:
            # The runner is a separate task, so that a cancelled caller does not end the work of others. It has no
            # cause, because it works for all callers.
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
            log.debug("group_commit.batch_split", error=type(error).__name__, things=len(batch))
            for one in batch:
                await self._run_batch([one])
        else:
            for one, result in zip(batch, results, strict=True):
                if not one.done.done():
                    one.done.set_result(result)


def _tell(done: "asyncio.Future[Any]", error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
        # Read the error once. Otherwise asyncio logs it if its caller no longer waits.
        done.exception()
