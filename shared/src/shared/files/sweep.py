"""The sweep: delete files that no row names, because the transaction of their upload did not commit.

For due work: a row of the service that is due once a day.
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

    Ages are in real time, as in the store, whatever the shop's clock shows.
    """
    before = real_time() - unnamed_for
    deleted = 0
    async for keys in files.keys_before(kind, before):
        unnamed = set(keys) - set(await named(keys)) if keys else set()
        await files.delete(unnamed)
        deleted += len(unnamed)
    await files.drop_half_written(before)
    return deleted
