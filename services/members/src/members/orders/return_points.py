"""What an order did to points is undone when it is cancelled."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from members.orders.rows import first_of_each, lock_orders, owners_of, set_cancelled
from members.points.accounts import Accounts
from members.points.rows import Earned, Spent, points_spent, purchase_grants, recheck_lapsed
from members.points.rules import Grant, return_posting, revoke_posting
from shared.database.transactions import Tx
from shared.events import OrderCancelled, PointsReturned


@dataclass
class CancelledPoints:
    """The unit of work of cancelled orders' points: spent ones come back, earned ones are void (PNT-22).

    The members are not touched: cancelled orders have no consequences for an account (KON-34). Registration
    points stay, because the registration stays.
    """

    ended: dict[str, OrderCancelled]
    spent: Mapping[str, Spent]
    accounts: Accounts
    earned: Mapping[str, Earned]

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
        accounts = await Accounts.lock(tx, [*spenders, *owners_of(ours)])
        yield cls(ended, spent, accounts, await purchase_grants(tx, ended))
        if spent:
            await recheck_lapsed(tx, {spent[code].member_id: ended[code].occurred_at for code in spent})
        await accounts.save(tx)

    def give_back(self, event: OrderCancelled) -> PointsReturned | None:
        """Undo what an order did to points, once, if it did anything."""
        code, ended = event.order_code, self.ended.get(event.order_code)
        if ended is None or ended.event_id != event.event_id:
            return None
        used = self.spent.get(code)
        if used is not None:
            posting = return_posting(used.points, order_code=code)
            self.accounts.post(used.member_id, posting, at=event.occurred_at)
        revoked = (
            _revoke(self.accounts, self.earned[code], at=event.occurred_at) if code in self.earned else 0
        )
        if used is None and not revoked:
            return None
        return PointsReturned(
            member_id=used.member_id if used is not None else self.earned[code].member_id,
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
