"""The rules in force, now or when an order was placed."""

from collections.abc import Collection
from datetime import datetime

from members.shop_rules.rules import Rules
from shared.database.transactions import Tx
from shared.shop.settings.rows import read_at, read_at_each


async def rules_at(tx: Tx, at: datetime) -> Rules:
    """Return the rules in force at ``at``. A change applies only to later orders (PNT-06)."""
    return await read_at(tx, Rules, at)


async def rules_at_each(tx: Tx, moments: Collection[datetime]) -> dict[datetime, Rules]:
    """Return the rules in force at each of ``moments``, which must not be empty."""
    return await read_at_each(tx, Rules, moments)
