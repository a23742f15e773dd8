"""What the end of an order means for its mails: those that ask for its money, or promise its goods, stay."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Self

from notifications.mails.rendering import Mails
from notifications.orders.note_cancelled_orders import note_cancelled_orders
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import TryAgain
from shared.events import OrderCancelled


class EndedOrders:
    """The unit of work of orders that ended."""

    def __init__(self) -> None:
        self._ended_at: dict[str, datetime] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, tx: Tx, events: Sequence[OrderCancelled], mails: Mails) -> AsyncIterator[Self]:
        """Note at the end when the orders ended. Raises TryAgain while one has not been heard of."""
        orders = cls()
        yield orders
        if await note_cancelled_orders(tx, orders._ended_at) < len(orders._ended_at):
            raise TryAgain("the order has not been heard of yet")
        kinds = [kind.name for kind in mails.kinds.values() if kind.until_cancelled]
        await _end_waiting(tx, list(orders._ended_at), kinds, at=now())

    def end(self, event: OrderCancelled) -> None:
        """Note that an order ended."""
        self._ended_at[event.order_code] = event.occurred_at


async def _end_waiting(tx: Tx, codes: Sequence[str], kinds: Sequence[str], *, at: datetime) -> None:
    """Let mails of these ``kinds`` about orders ``codes`` that still wait be looked at now, not when they are due."""
    await tx.execute(
        "UPDATE mails SET due_at = :at WHERE order_code = ANY(CAST(:codes AS text[]))"
        " AND mail = ANY(CAST(:kinds AS text[])) AND state = 'queued' AND due_at > :at",
        codes=list(codes),
        kinds=list(kinds),
        at=at,
    )
