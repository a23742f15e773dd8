"""Performs due work once, in the steps of a worker, for tests that choose the moment of each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.cause import following
from shared.clock import now
from shared.database.transactions import Database
from shared.due.work import DueWork


@dataclass(frozen=True)
class Claimed:
    """How many rows were due, and what is to be performed for them."""

    rows: int
    items: Sequence[Any]


async def claim(db: Database, work: DueWork, *, rows_max: int = 200) -> Claimed:
    """Claim what is due, as a worker does."""
    async with db.transaction() as tx:
        rows = await work.claim(tx, rows_max=rows_max, at=now())
        items = await work.begin(tx, rows) if work.begin is not None and rows else rows
    return Claimed(len(rows), items)


async def perform(db: Database, work: DueWork, items: Sequence[Any]) -> None:
    """Perform what was claimed, all at the same time, and conclude it in one transaction."""
    outcomes = await asyncio.gather(*(_perform_one(work, item) for item in items))
    if work.conclude is not None and items:
        async with db.transaction() as tx:
            await work.conclude(tx, list(zip(items, outcomes, strict=True)))


async def _perform_one(work: DueWork, item: Any) -> Any:
    with following(work.cause(item)):
        return await work.perform(item)
