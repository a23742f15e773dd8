"""Undoes the effects of a cancelled order on points."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from members.orders.rows import first_of_each, lock_orders, owners_of, set_cancelled
from members.points.accounts import Accounts
from members.points.rows import Earned, Spent, points_spent, purchase_grants, recheck_lapsed
from members.points.rules import Grant, Posting, return_posting, revoke_posting
from shared.database.transactions import Tx
from shared.events import OrderCancelled, PointsReturned


@dataclass
class CancelledPoints:
    """The unit of work for points of cancelled orders: return spent points and revoke earned ones (PNT-22).

    Member accounts remain unchanged: a cancellation has no consequences for an account (KON-34). Registration points
    remain, because the registration does.
    """

    ended: dict[str, OrderCancelled]
    spent: Mapping[str, Spent]
    accounts: Accounts
    earned: Mapping[str, Earned]

    @classmethod
    @asynccontextmanager
    async def open(cls, tx: Tx, events: Sequence[OrderCancelled]) -> AsyncIterator[Self]:
        """Lock the orders, mark them as cancelled, and lock their members' points. Save the result at the end.

        Raises TryAgain while an order is unknown.
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
        """Undo the effects of an order on points once, if there are any."""
        code, ended = event.order_code, self.ended.get(event.order_code)
        if ended is None or ended.event_id != event.event_id:
            return None
        used = self.spent.get(code)
        if used is not None:
            posting = return_posting(used.points, order_code=code)
            self.accounts.post(used.member_id, posting, at=event.occurred_at)
        revoked = self._revoke(code, at=event.occurred_at)
        if used is None and revoked is None:
            return None
        return PointsReturned(
            member_id=used.member_id if used is not None else self.earned[code].member_id,
            points_returned=used.points if used is not None else 0,
            points_revoked=points_taken(revoked),
            points_owed=revoked.shortage if revoked else 0,
            order_code=code,
        )

    def _revoke(self, code: str, *, at: datetime) -> Posting | None:
        grant = self.earned.get(code)
        return None if grant is None else revoke_earned_points(self.accounts, grant, at=at)


def revoke_earned_points(
    accounts: Accounts, grant: Grant, *, at: datetime, money_returned: bool = False
) -> Posting | None:
    """Revoke the points that an order earned. Return the posting, or None if they were revoked before.

    ``money_returned``: the order goes on, but all its money went back.
    """
    balance = accounts.balance(grant.member_id)
    if balance is None or grant.state == "revoked":
        return None
    posting = revoke_posting(balance, grant)
    accounts.post(grant.member_id, posting, at=at)
    accounts.revoke(grant, money_returned=money_returned)
    return posting


def points_taken(posting: Posting | None) -> int:
    """Return the points that a posting took from a balance, waiting or active."""
    return -(posting.waiting + posting.active) if posting else 0
