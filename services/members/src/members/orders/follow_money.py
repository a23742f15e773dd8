"""Makes the points that an order earned follow its money.

An order whose money all went back keeps no earned points, even if nobody cancels it. If some of its money is here again,
it earns them again. While only a part went back, they stay.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from members.orders.return_points import points_taken, revoke_earned_points
from members.orders.rows import lock_orders, owners_of, set_money_revisions
from members.points.accounts import Accounts
from members.points.rows import Earned, purchase_grants
from members.points.rules import grant_posting
from shared.database.transactions import Tx
from shared.events import PaymentStandingChanged, PointsGranted, PointsReturned
from shared.ids import new_id


@dataclass
class MoneyOfOrders:
    """The unit of work for standings of the money of orders. Only the newest of each order counts.

    The money of a cancelled order moves nothing: its points were returned with the cancellation. Spent points and coupons
    stay as they are.
    """

    newest: Mapping[str, PaymentStandingChanged]
    accounts: Accounts
    earned: Mapping[str, Earned]

    @classmethod
    @asynccontextmanager
    async def open(cls, tx: Tx, events: Sequence[PaymentStandingChanged]) -> AsyncIterator[Self]:
        """Lock the orders and the members of their points. Save the changed points at the end.

        Raises TryAgain while an order is unknown: its points are granted together with it.
        """
        orders = await lock_orders(tx, (event.order_code for event in events))
        newest: dict[str, PaymentStandingChanged] = {}
        for event in sorted(events, key=lambda event: event.revision):
            order = orders[event.order_code]
            if order.cancelled_at is None and event.revision > order.money_revision:
                newest[event.order_code] = event
        await set_money_revisions(tx, {code: event.revision for code, event in newest.items()})
        accounts = await Accounts.lock(tx, owners_of({code: orders[code] for code in newest}))
        yield cls(newest, accounts, await purchase_grants(tx, newest))
        await accounts.save(tx)

    def follow(self, event: PaymentStandingChanged) -> PointsReturned | PointsGranted | None:
        """Revoke the earned points of an order that keeps none of its money. Grant them again if it keeps some again."""
        grant = self.earned.get(event.order_code)
        newest = self.newest.get(event.order_code)
        if grant is None or newest is None or newest.event_id != event.event_id:
            return None
        if event.sale_amount:
            return self._grant_again(grant, event.order_code, at=event.occurred_at)
        if not _lost_its_sale(event):
            return None
        return self._revoke(grant, event.order_code, at=event.occurred_at)

    def _revoke(self, grant: Earned, code: str, *, at: datetime) -> PointsReturned | None:
        posting = revoke_earned_points(self.accounts, grant, at=at, money_returned=True)
        if posting is None:
            return None
        return PointsReturned(
            member_id=grant.member_id,
            points_returned=0,
            points_revoked=points_taken(posting),
            points_owed=posting.shortage,
            order_code=code,
            because="money_returned",
        )

    def _grant_again(self, revoked: Earned, code: str, *, at: datetime) -> PointsGranted | None:
        """Grant revoked points again: active if they were, or would be by now. Their validity begins anew."""
        if not revoked.money_returned:
            return None
        active = revoked.activated_at is not None
        grant = replace(
            revoked,
            grant_id=new_id(),
            number=revoked.number + 1,
            state="active" if active else "waiting",
            money_returned=False,
        )
        self.accounts.grant(grant, activation=grant.activation, at=at)
        self.accounts.post(grant.member_id, grant_posting(grant), at=at)
        return PointsGranted(
            member_id=grant.member_id,
            points=grant.points,
            state="active" if active else "pending",
            reason="purchase",
            order_code=code,
        )


def _lost_its_sale(event: PaymentStandingChanged) -> bool:
    """Return whether nothing is kept of the money that paid for the order. An order that was never paid has lost none.

    The release before tells the amounts alone, and an older one says nothing.
    """
    if event.lost_its_sale is None:
        return event.sale_amount == 0 and event.captured_amount > 0
    return event.lost_its_sale
