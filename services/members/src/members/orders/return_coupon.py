"""The coupon of a cancelled order comes back (CPN-10)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

from members.coupons.rows import redemptions_of
from members.coupons.use_coupon import return_coupon
from members.orders.rows import lock_orders
from shared.database.transactions import Tx
from shared.events import OrderCancelled


class CancelledCoupons:
    """The unit of work of cancelled orders' coupons, which come back once; each is usable again until it expires."""

    def __init__(self) -> None:
        self._cancelled: dict[str, OrderCancelled] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, tx: Tx, events: Sequence[OrderCancelled]) -> AsyncIterator[Self]:
        """Lock the orders; give the coupons back at the end, in the order in which all lock them, and say so.

        Raises TryAgain while one of the orders is not known yet.
        """
        await lock_orders(tx, (event.order_code for event in events))
        coupons = cls()
        yield coupons
        for redeemed in await redemptions_of(tx, coupons._cancelled):
            await return_coupon(tx, coupons._cancelled[redeemed.order_code], redeemed)

    def give_back(self, event: OrderCancelled) -> None:
        """Give the coupon of an order back, if it had one."""
        self._cancelled.setdefault(event.order_code, event)
