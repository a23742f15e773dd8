"""Exports the found deeds as a file, and records who exported them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime

from members.deeds.rows import DeedSearch, Doer, NotedDeed, count_deeds, every_deed, note_deed
from shared.database.transactions import Database


async def export_deeds(
    db: Database, search: DeedSearch, *, by: Doer, subject: Callable[[int], str], at: datetime
) -> AsyncIterator[NotedDeed]:
    """Return the deeds found until now after recording who exports them. ``subject`` describes them by their number."""
    search = replace(search, done_before=at)
    async with db.transaction() as tx:
        count = await count_deeds(tx, search)
        await note_deed(tx, by, "deeds_exported", subject(count), at=at)
    return every_deed(db, search)
