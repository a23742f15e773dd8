"""Stops mails of cancelled orders: those that ask for money or promise goods are not sent."""

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
    """The unit of work for cancelled orders."""

    def __init__(self) -> None:
        self._ended_at: dict[str, datetime] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, tx: Tx, events: Sequence[OrderCancelled], mails: Mails) -> AsyncIterator[Self]:
        """Store at the end when the orders were cancelled. Raises TryAgain while one is unknown."""
        orders = cls()
        yield orders
        if await note_cancelled_orders(tx, orders._ended_at) < len(orders._ended_at):
            raise TryAgain("the order has not been heard of yet")
        kinds = [kind.name for kind in mails.kinds.values() if kind.head.until_cancelled]
        await _end_waiting(tx, list(orders._ended_at), kinds, at=now())

    def end(self, event: OrderCancelled) -> None:
        """Note that an order was cancelled."""
        self._ended_at[event.order_code] = event.occurred_at


async def _end_waiting(tx: Tx, codes: Sequence[str], kinds: Sequence[str], *, at: datetime) -> None:
    """Make the queued mails of these ``kinds`` about orders ``codes`` due now, so that the sender checks them."""
    await tx.execute(
        "UPDATE mails SET due_at = :at WHERE order_code = ANY(CAST(:codes AS text[]))"
        " AND mail = ANY(CAST(:kinds AS text[])) AND state = 'queued' AND due_at > :at",
        codes=list(codes),
        kinds=list(kinds),
        at=at,
    )
