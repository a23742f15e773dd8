"""Orders were cancelled: kept for every mail of theirs that has yet to leave."""

from collections.abc import Mapping
from datetime import datetime

from shared.database.transactions import Tx


async def note_cancelled_orders(tx: Tx, cancelled: Mapping[str, datetime]) -> int:
    """Note when orders were cancelled; return how many of them we know."""
    return await tx.execute(
        "UPDATE contacts AS c SET cancelled_at = coalesce(c.cancelled_at, n.at)"
        " FROM unnest(CAST(:codes AS text[]), CAST(:ats AS timestamptz[])) AS n(order_code, at)"
        " WHERE c.order_code = n.order_code",
        codes=list(cancelled),
        ats=list(cancelled.values()),
    )
