"""Trouble of a test's own making: a database that fails when told to, and time that has passed meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from shared.database.transactions import Database, Tx


class ShakyDatabase(Database):
    """While ``trouble`` is set, no transaction begins, and that is what it raises."""

    def __init__(self, db: Database) -> None:
        super().__init__(db.url, service=db.service)
        self.trouble: Exception | None = None
        self.refusals = 0

    @asynccontextmanager
    async def transaction(self, **about: Any) -> AsyncIterator[Tx]:
        """Begin a transaction, or be in trouble."""
        if self.trouble is not None:
            self.refusals += 1
            raise self.trouble
        async with super().transaction(**about) as tx:
            yield tx


@asynccontextmanager
async def shaky(db: Database) -> AsyncIterator[ShakyDatabase]:
    """Lend the same database once more, as one that may be in trouble."""
    made = ShakyDatabase(db)
    try:
        yield made
    finally:
        await made.close()


@contextmanager
def time_passed(seconds: float) -> Iterator[None]:
    """Let the running event loop believe that ``seconds`` more have gone by."""
    loop = asyncio.get_running_loop()
    real = loop.time
    loop.time = lambda: real() + seconds  # type: ignore[method-assign]
    try:
        yield
    finally:
        loop.time = real  # type: ignore[method-assign]
