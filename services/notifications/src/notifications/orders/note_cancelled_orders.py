"""Stores which orders were cancelled, for their unsent mails."""

from collections.abc import Mapping
from datetime import datetime

from shared.database.transactions import Tx


async def note_cancelled_orders(tx: Tx, cancelled: Mapping[str, datetime]) -> int:
    """Store when orders were cancelled. Return how many of them are known."""
    return await tx.execute(
        "UPDATE contacts AS c SET cancelled_at = coalesce(c.cancelled_at, n.at)"
        " FROM unnest(CAST(:codes AS text[]), CAST(:ats AS timestamptz[])) AS n(order_code, at)"
        " WHERE c.order_code = n.order_code",
        codes=list(cancelled),
        ats=list(cancelled.values()),
    )
