"""What becomes of an order's points after it was placed: valid, given back, taken back, expired."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from members.orders.rows import first_of_each, lock_orders, set_cancelled
from members.points.accounts import Accounts
from members.points.rows import (
    grant_by_id,
    lapsed_and_consumed,
    lock_known_balance,
    points_spent,
    purchase_grants,
    recheck_lapsed,
    record_posting,
)
from members.points.rules import (
    Grant,
    activate_posting,
    expire_posting,
    points_to_expire,
    return_posting,
    revoke_posting,
)
from members.points.tables import point_grants
from members.shop_rules.rules import Activation
from shared.clock import now
from shared.database import Database, Tx
from shared.due import strike_off
from shared.events import OrderCancelled, OrderProcessed, PointsActivated, PointsReturned, Shipped
from shared.sql import Row

_LOOK_AGAIN = timedelta(minutes=5)


class WaitingPoints:
    """The unit of work of points that wait for an order to be shipped or processed."""

    def __init__(self, accounts: Accounts, earned: dict[str, tuple[Grant, Activation]]) -> None:
        self._accounts = accounts
        self._earned = earned

    @classmethod
    @asynccontextmanager
    async def open(cls, tx: Tx, events: Sequence[Shipped | OrderProcessed]) -> AsyncIterator[Self]:
        """Lock the orders that are over and whose points they earned; save what became valid.

        Raises TryAgain while one of the orders is not known yet.
        """
        codes = {
            event.order_code for event in events if not isinstance(event, Shipped) or event.fully_shipped
        }
        orders = await lock_orders(tx, codes)
        accounts = await Accounts.lock(tx, _owners(orders))
        points = cls(accounts, await purchase_grants(tx, list(orders)))
        yield points
        await accounts.save(tx)

    def activate(self, code: str, *, mode: Activation, at: datetime) -> PointsActivated | None:
        """Make the points of an order valid if they wait for ``mode`` (PNT-08, PNT-09), exactly once."""
        # Once, though several events may tell the same of an order.
        grant, waits_for = self._earned.pop(code, (None, None))
        if grant is None or waits_for != mode or grant.state != "waiting":
            return None
        self._accounts.post(grant.member_id, activate_posting(grant), at=at)
        self._accounts.activate(grant, at=at)
        return PointsActivated(member_id=grant.member_id, points=grant.points, order_code=code)


def _owners(orders: Mapping[str, Row]) -> list[UUID]:
    return [order.member_id for order in orders.values() if order.member_id is not None]


@dataclass
class CancelledPoints:
    """The unit of work of cancelled orders' points: spent ones come back, earned ones are void (PNT-22).

    The members are not touched: cancelled orders have no consequences for an account (KON-34). Registration
    points stay, because the registration stays.
    """

    orders: Mapping[str, Row]
    ended: dict[str, OrderCancelled]
    spent: Mapping[str, Row]
    accounts: Accounts
    earned: Mapping[str, tuple[Grant, Activation]]

    @classmethod
    @asynccontextmanager
    async def open(cls, tx: Tx, events: Sequence[OrderCancelled]) -> AsyncIterator[Self]:
        """Lock the orders, note that they ended, lock whose points they touch; save what came back.

        Raises TryAgain while one of the orders is not known yet.
        """
        orders = await lock_orders(tx, (event.order_code for event in events))
        ended = first_of_each(event for event in events if orders[event.order_code].cancelled_at is None)
        await set_cancelled(tx, {code: event.occurred_at for code, event in ended.items()})
        spent = await points_spent(tx, ended)
        spenders = [one.member_id for one in spent.values()]
        ours = {code: orders[code] for code in ended}
        accounts = await Accounts.lock(tx, [*spenders, *_owners(ours)])
        yield cls(ours, ended, spent, accounts, await purchase_grants(tx, ended))
        if spent:
            await recheck_lapsed(tx, {spent[code].member_id: ended[code].occurred_at for code in spent})
        await accounts.save(tx)

    def give_back(self, event: OrderCancelled) -> PointsReturned | None:
        """Undo what an order did to points, once; return what is to be said, if it did anything."""
        code, ended = event.order_code, self.ended.get(event.order_code)
        if ended is None or ended.event_id != event.event_id:
            return None
        used = self.spent.get(code)
        if used is not None:
            posting = return_posting(used.points, order_code=code)
            self.accounts.post(used.member_id, posting, at=event.occurred_at)
        revoked = (
            _revoke(self.accounts, self.earned[code][0], at=event.occurred_at) if code in self.earned else 0
        )
        if used is None and not revoked:
            return None
        return PointsReturned(
            member_id=used.member_id if used is not None else self.orders[code].member_id,
            points_returned=used.points if used is not None else 0,
            points_revoked=revoked,
            order_code=code,
        )


def _revoke(accounts: Accounts, grant: Grant, *, at: datetime) -> int:
    """Take back what an order earned; return how many points that were."""
    balance = accounts.balance(grant.member_id)
    if balance is None or grant.state == "revoked":
        return 0
    posting = revoke_posting(balance, grant)
    accounts.post(grant.member_id, posting, at=at)
    accounts.revoke(grant)
    return -(posting.waiting + posting.active)


class ExpirePoints:
    """Due work: ends the validity of points whose time is over; the oldest count as spent first."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def __call__(self, row: Row) -> None:
        """Expire what the member of the claimed grant has left of lapsed grants."""
        async with self._db.transaction() as tx:
            at = now()
            balance = await lock_known_balance(tx, row.member_id)
            grant = await grant_by_id(tx, row.grant_id)
            if grant is None or grant.state != "active":
                return
            # What is set aside for an order is decided when that order is; then we look again.
            again_at = at + _LOOK_AGAIN if balance.held else None
            lapsed, consumed = await lapsed_and_consumed(tx, row.member_id, at=at)
            if not await strike_off(tx, point_grants, row.grant_id, row.lease, due_at=again_at):
                return
            points = points_to_expire(balance, lapsed=lapsed, consumed=consumed)
            if points:
                await record_posting(tx, balance, expire_posting(points, grant), at=at)
