"""Activates the points of an order when it is shipped or processed."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Self

from members.orders.rows import lock_orders, owners_of
from members.points.accounts import Accounts
from members.points.rows import Earned, purchase_grants
from members.points.rules import activate_posting
from members.shop_rules.labels import Activation
from shared.database.transactions import Tx
from shared.events import OrderProcessed, PointsActivated, Shipped


class WaitingPoints:
    """The unit of work for points that wait until an order is shipped or processed."""

    def __init__(self, accounts: Accounts, earned: dict[str, Earned]) -> None:
        self._accounts = accounts
        self._earned = earned

    @classmethod
    @asynccontextmanager
    async def open(cls, tx: Tx, events: Sequence[Shipped | OrderProcessed]) -> AsyncIterator[Self]:
        """Lock the shipped or processed orders and the members of their points. Save the activated points at the end.

        Raises TryAgain while an order is unknown.
        """
        codes = {
            event.order_code for event in events if not isinstance(event, Shipped) or event.fully_shipped
        }
        orders = await lock_orders(tx, codes)
        accounts = await Accounts.lock(tx, owners_of(orders))
        points = cls(accounts, await purchase_grants(tx, list(orders)))
        yield points
        await accounts.save(tx)

    def shipped(self, event: Shipped) -> PointsActivated | None:
        """Activate the points of an order whose last parcel was shipped (PNT-08), if the shop chose that."""
        if not event.fully_shipped:
            return None
        return self._activate(event.order_code, mode="on_shipped", at=event.occurred_at)

    def processed(self, event: OrderProcessed) -> PointsActivated | None:
        """Activate the points of an order that is 処理済み (PNT-09), if the shop chose that."""
        return self._activate(event.order_code, mode="on_processed", at=event.occurred_at)

    def _activate(self, code: str, *, mode: Activation, at: datetime) -> PointsActivated | None:
        """Activate the points if they wait for ``mode``, exactly once."""
        # Several events can report the same change of an order. The grant is removed here, so that the second event
        # finds no grant.
        grant = self._earned.pop(code, None)
        if grant is None or grant.activation != mode:
            return None
        if grant.money_returned and grant.activated_at is None:
            self._accounts.note_activation(grant, at=at)
        if grant.state != "waiting":
            return None
        self._accounts.post(grant.member_id, activate_posting(grant), at=at)
        self._accounts.activate(grant, at=at)
        return PointsActivated(member_id=grant.member_id, points=grant.points, order_code=code)
