"""The sweep: delete files that no row names, because the transaction of their upload did not commit.

A row of the service, due once a day, starts it as due work.
"""

from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta

from shared.clock import real_time
from shared.files.store import Files

# Longer than any request or batch between storing a file and committing its row.
UNNAMED_FOR = timedelta(days=1)

Named = Callable[[Collection[str]], Awaitable[Collection[str]]]
"""A query of the service that owns the kind of file. It returns which of the keys a row names."""


async def sweep(files: Files, kind: str, named: Named, *, unnamed_for: timedelta = UNNAMED_FOR) -> int:
    """Delete the files of ``kind`` that are older than ``unnamed_for`` and that no row names; return how many.

    Ages are in real time, like the times of the store, and not on the shop's clock.
    """
    before = real_time() - unnamed_for
    deleted = 0
    async for keys in files.keys_before(kind, before):
        unnamed = set(keys) - set(await named(keys)) if keys else set()
        await files.delete(unnamed)
        deleted += len(unnamed)
    await files.drop_half_written(before)
    return deleted
