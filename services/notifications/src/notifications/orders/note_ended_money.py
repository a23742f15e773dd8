"""Stores new amounts of cancelled orders, for unsent mails that mention them."""

from collections.abc import Sequence

import orjson

from shared.database.transactions import Tx
from shared.errors import TryAgain
from shared.events import CancellationMoneyChanged


async def note_ended_money(tx: Tx, changed: Sequence[CancellationMoneyChanged]) -> None:
    """Store the newest amounts of each order. Raises TryAgain while an order is unknown."""
    newest = {event.order_code: event for event in sorted(changed, key=lambda event: event.occurred_at)}
    known = await tx.execute(
        "UPDATE contacts AS c"
        " SET ended_money = CASE WHEN c.ended_money_at > n.at THEN c.ended_money ELSE CAST(n.money AS jsonb) END,"
        " ended_money_at = greatest(c.ended_money_at, n.at)"
        " FROM unnest(CAST(:codes AS text[]), CAST(:moneys AS text[]), CAST(:ats AS timestamptz[]))"
        " AS n(order_code, money, at) WHERE c.order_code = n.order_code",
        codes=list(newest),
        moneys=[orjson.dumps(event.model_dump(exclude={"order_code"})).decode() for event in newest.values()],
        ats=[event.occurred_at for event in newest.values()],
    )
    if known < len(newest):
        raise TryAgain("the order has not been heard of yet")
