"""Placed orders, many at once: what take_order does to each, in a handful of statements for all.

An order that registers somebody or has a coupon is taken by itself, after the others; those are the rare ones.
Everybody locks in the same order: orders, balances, reservations, coupons.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from members.domain.ledger import grant_posting, use_posting
from members.domain.rules import Rules
from members.link_amazon import link_by_orders
from members.shortages import shortages
from members.storage.accounts import Accounts
from members.storage.benefits import commit_reservations, lock_held, reservations_of
from members.storage.coupons import with_coupons
from members.storage.members import known_members
from members.storage.orders import Taken, finish_orders, note_orders
from members.storage.rules import rules_at_each
from members.take_order import News, granted, note_of, purchase_grant, take_order
from shared.database import Tx
from shared.events import OrderPlaced, PointsUsed
from shared.sql import Row


async def take_orders(tx: Tx, events: Sequence[OrderPlaced]) -> list[News]:
    """Apply placed orders by the rules in force when each was placed, once per order code."""
    orders = await note_orders(tx, events)
    if not orders:
        return []
    rules = await rules_at_each(tx, {order.placed_at for order in orders})
    ids = {order.benefit_reservation_id for order in orders if order.benefit_reservation_id}
    reserved = await reservations_of(tx, ids)
    accounts = await Accounts.lock(tx, _whose(orders, reserved))
    held = await lock_held(tx, ids)
    alone = await with_coupons(tx, ids) | {id_ for id_, row in reserved.items() if row.registration}
    together = [order for order in orders if not _is_alone(order, alone)]
    batch = _Batch(accounts, reserved, held, await _members(tx, together))
    said: list[News] = [*await link_by_orders(tx, together, batch.members)]
    for order in together:
        said += batch.take(order, rules[order.placed_at])
    await commit_reservations(tx, batch.committed)
    await accounts.save(tx)
    for order in orders:
        if _is_alone(order, alone):
            taken, news = await take_order(tx, order, rules[order.placed_at])
            batch.taken.append(taken)
            said += [one.model_copy(update={"caused_by": order.event_id}) for one in news]
    await finish_orders(tx, batch.taken)
    return said


def _whose(orders: Sequence[OrderPlaced], reserved: dict[UUID, Row]) -> list[UUID]:
    """Return whose balances the orders concern."""
    members = [order.member_id for order in orders if order.member_id is not None]
    return [*members, *(row.member_id for row in reserved.values() if not row.registration)]


def _is_alone(order: OrderPlaced, alone: set[UUID]) -> bool:
    return order.registration is not None or order.coupon is not None or order.benefit_reservation_id in alone


async def _members(tx: Tx, orders: Sequence[OrderPlaced]) -> dict[UUID, Row]:
    return await known_members(tx, {order.member_id for order in orders if order.member_id is not None})


class _Batch:
    """Takes orders one after another in memory."""

    def __init__(
        self,
        accounts: Accounts,
        reserved: dict[UUID, Row],
        held: dict[UUID, Row],
        members: Mapping[UUID, Row],
    ) -> None:
        self._accounts = accounts
        self._reserved = reserved
        self._held = held
        self.members = members
        self.committed: dict[UUID, tuple[str, datetime]] = {}
        self.taken: list[Taken] = []

    def member_of(self, order: OrderPlaced) -> UUID | None:
        """Return the order's member, if that is one."""
        return order.member_id if order.member_id in self.members else None

    def take(self, order: OrderPlaced, rules: Rules) -> list[News]:
        """Spend and earn; return what is to be said."""
        member_id = self.member_of(order)
        said: list[News] = []
        spender_id, used, shortage = self._spend(order, member_id)
        if used and spender_id is not None:
            said.append(
                PointsUsed(
                    member_id=spender_id, points=used, order_code=order.order_code, caused_by=order.event_id
                )
            )
        grant = purchase_grant(order, member_id, rules) if member_id is not None else None
        if grant is not None and self._accounts.balance(grant.member_id) is not None:
            self._accounts.grant(grant, activation=rules.purchase_activation, at=order.placed_at)
            self._accounts.post(grant.member_id, grant_posting(grant), at=order.placed_at)
            said.append(granted(order, grant))
        unknown = order.member_id is not None and member_id is None
        reason = "member_unknown" if unknown else ""
        said += shortages(order, holder_id=order.member_id, points=shortage, reason=reason)
        note = note_of(reason, shortage)
        self.taken.append(Taken(order.order_code, member_id, used, note))
        return said

    def _spend(self, order: OrderPlaced, member_id: UUID | None) -> tuple[UUID | None, int, int]:
        """Commit the reservation and take the points; return from whom, how many, and how many were missing."""
        reservation_id = order.benefit_reservation_id
        reserved = self._reserved.get(reservation_id) if reservation_id is not None else None
        balance = self._accounts.balance(reserved.member_id if reserved is not None else member_id)
        held = self._held.pop(reservation_id, None) if reservation_id is not None else None
        if held is not None:
            self.committed[held.reservation_id] = (order.order_code, order.placed_at)
            if balance is not None:
                balance = balance.unhold(held.points_held)
                self._accounts.store(balance)
        if not order.points_used or balance is None:
            return None, 0, order.points_used
        posting = use_posting(balance, order.points_used, order_code=order.order_code)
        self._accounts.post(balance.member_id, posting, at=order.placed_at)
        return balance.member_id, -posting.active, posting.shortage
