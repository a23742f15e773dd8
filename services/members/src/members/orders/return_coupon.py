"""Returns the coupon of a cancelled order (CPN-10)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

from members.coupons.rows import redemptions_of
from members.coupons.use_coupon import return_coupon
from members.orders.rows import lock_orders
from shared.database.transactions import Tx
from shared.events import OrderCancelled


class CancelledCoupons:
    """The unit of work for coupons of cancelled orders. Each is returned once and usable again until it expires."""

    def __init__(self) -> None:
        self._cancelled: dict[str, OrderCancelled] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, tx: Tx, events: Sequence[OrderCancelled]) -> AsyncIterator[Self]:
        """Lock the orders. At the end return the coupons, in the common order of locking, and publish it.

        Raises TryAgain while an order is unknown.
        """
        await lock_orders(tx, (event.order_code for event in events))
        coupons = cls()
        yield coupons
        for redeemed in await redemptions_of(tx, coupons._cancelled):
            await return_coupon(tx, coupons._cancelled[redeemed.order_code], redeemed)

    def give_back(self, event: OrderCancelled) -> None:
        """Return the coupon of an order, if it had one."""
        self._cancelled.setdefault(event.order_code, event)
