"""Applies an order to its member: registration, Amazon link, points, a coupon, and earned points.

All code locks in the same order: orders, balances, reservations, coupons.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from uuid import UUID

from members.accounts.rows import KnownMember, known_members
from members.benefits.rows import SetAside, commit_reservations, lock_standing, reservations_of
from members.coupons.rows import with_coupons
from members.coupons.use_coupon import redeem_coupon
from members.orders.rows import AppliedOrder, finish_orders, note_orders
from members.orders.shortages import say_shortages
from members.points.accounts import Accounts
from members.points.rules import Grant, grant_posting, use_posting
from members.registration.register_member import NewMember, register_member
from members.shop_rules.rows import rules_at_each
from members.shop_rules.rules import Rules
from members.wallets.link_amazon import account_to_link, amazon_buyer
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import (
    OrderPlaced,
    PointsGranted,
    PointsUsed,
    Registration,
    RegistrationRefused,
)
from shared.ids import new_id


@dataclass
class PlacedOrders:
    """The unit of work for placed orders: their rows are locked together, changed in memory and saved together.

    ``new`` are the events that report an order for the first time. Registrations and coupons are rare and are written
    at once.
    """

    tx: Tx
    new: frozenset[UUID]
    rules: Mapping[datetime, Rules]
    accounts: Accounts
    reserved: Mapping[UUID, SetAside]
    standing: dict[UUID, SetAside]
    with_coupons: frozenset[UUID]
    known: Mapping[UUID, KnownMember]
    members: set[UUID]
    committed: dict[UUID, tuple[str, datetime]] = field(default_factory=dict)
    taken: list[AppliedOrder] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def open(cls, tx: Tx, events: Sequence[OrderPlaced]) -> AsyncIterator[Self]:
        """Store the orders and lock the rows that the new ones change. Save the results at the end."""
        placed = await note_orders(tx, events)
        rules = await rules_at_each(tx, {order.placed_at for order in placed}) if placed else {}
        ids = {order.benefit_reservation_id for order in placed if order.benefit_reservation_id}
        reserved = await reservations_of(tx, ids)
        accounts = await Accounts.lock(tx, _whose(placed, reserved))
        standing = await lock_standing(tx, ids)
        coupons = frozenset(await with_coupons(tx, ids))
        known = await known_members(tx, {order.member_id for order in placed if order.member_id})
        new = frozenset(order.event_id for order in placed)
        orders = cls(tx, new, rules, accounts, reserved, standing, coupons, known, set(known))
        yield orders
        await commit_reservations(tx, orders.committed)
        await accounts.save(tx)
        await finish_orders(tx, orders.taken)

    async def take(self, order: OrderPlaced) -> None:
        """Apply an order once, by the rules in force when it was placed.

        The order remains valid in any case. If a registration is impossible, the order stays a guest's order with a
        note. Missing points or a missing coupon are noted as a shortage.
        """
        if order.event_id not in self.new:
            return
        member_id, note = await self._find_member(order)
        holder_id, used, shortage = self._spend(order, member_id)
        coupon_short = not await self._redeem(order)
        if member_id is not None:
            self._earn(order, member_id)
        say_shortages(self.tx, order, holder_id=holder_id, points=shortage, coupon=coupon_short, reason=note)
        note = _note(note, shortage, coupon_short=coupon_short)
        links = account_to_link(order, self.known)
        self.taken.append(AppliedOrder(order.order_code, member_id, used, note, links))

    async def _find_member(self, order: OrderPlaced) -> tuple[UUID | None, str]:
        """Return the order's member, registered or linked by it, and a note for the desk."""
        if order.member_id is not None:
            if order.member_id not in self.members:
                return None, "member_unknown"
            return order.member_id, ""
        if order.registration is None:
            return None, ""
        return await self._register(order, order.registration)

    async def _register(self, order: OrderPlaced, registration: Registration) -> tuple[UUID | None, str]:
        member_id = registration.member_id
        try:
            async with self.tx.savepoint():
                await register_member(
                    self.tx,
                    _member_of(order, registration),
                    rules=self.rules[order.placed_at],
                    via="order",
                    at=order.placed_at,
                    order_code=order.order_code,
                )
        except Refused as refusal:
            self.tx.say(
                RegistrationRefused(member_id=member_id, reason=refusal.code, order_code=order.order_code)
            )
            return None, refusal.code
        await self.accounts.lock_also(self.tx, member_id)
        self.members.add(member_id)
        return member_id, ""

    def _spend(self, order: OrderPlaced, member_id: UUID | None) -> tuple[UUID | None, int, int]:
        """Commit the reservation and take the points.

        Return the holder of the reservation, the points taken, and the points missing.
        """
        reservation_id = order.benefit_reservation_id
        reserved = self.reserved.get(reservation_id) if reservation_id is not None else None
        spender_id = reserved.member_id if reserved and not reserved.registration else member_id
        wanted_by = order.registration.member_id if order.registration else order.member_id
        holder_id = reserved.member_id if reserved else wanted_by
        standing = self.standing.pop(reservation_id, None) if reservation_id is not None else None
        if standing is not None:
            self._commit(order, standing)
        balance = self.accounts.balance(spender_id)
        if not order.points_used or balance is None:
            return holder_id, 0, order.points_used
        posting = use_posting(balance, order.points_used, order_code=order.order_code)
        self.accounts.post(balance.member_id, posting, at=order.placed_at)
        used = -posting.active
        if used:
            self.tx.say(PointsUsed(member_id=balance.member_id, points=used, order_code=order.order_code))
        return holder_id, used, posting.shortage

    def _commit(self, order: OrderPlaced, standing: SetAside) -> None:
        """Commit a standing reservation with the order and release its points.

        A registering buyer's reservation set none aside.
        """
        self.committed[standing.reservation_id] = (order.order_code, order.placed_at)
        balance = None if standing.registration else self.accounts.balance(standing.member_id)
        if balance is not None:
            self.accounts.store(balance.release(standing.points_reserved))

    async def _redeem(self, order: OrderPlaced) -> bool:
        """Redeem the coupon and release the other reserved coupons. Returns False if no use was left."""
        if order.coupon is None and order.benefit_reservation_id not in self.with_coupons:
            return True
        return await redeem_coupon(self.tx, order)

    def _earn(self, order: OrderPlaced, member_id: UUID) -> None:
        rules = self.rules[order.placed_at]
        grant = _purchase_grant(order, member_id, rules)
        if grant is None or self.accounts.balance(member_id) is None:
            return
        self.accounts.grant(grant, activation=rules.purchase_activation, at=order.placed_at)
        self.accounts.post(member_id, grant_posting(grant), at=order.placed_at)
        self.tx.say(
            PointsGranted(
                member_id=member_id,
                points=grant.points,
                state="active" if grant.state == "active" else "pending",
                reason="purchase",
                order_code=order.order_code,
            )
        )


def _whose(orders: Sequence[OrderPlaced], reserved: Mapping[UUID, SetAside]) -> list[UUID]:
    """Return the members whose balances the orders change."""
    members = [order.member_id for order in orders if order.member_id is not None]
    return [*members, *(one.member_id for one in reserved.values() if not one.registration)]


def _note(note: str, shortage: int, *, coupon_short: bool) -> str:
    """Return the order's note for the desk: ``note`` and the shortages."""
    missing = [f"points_short:{shortage}"] if shortage else []
    return " ".join([*([note] if note else []), *missing, *(["coupon_short"] if coupon_short else [])])


def _member_of(order: OrderPlaced, registration: Registration) -> NewMember:
    """Return the member that the order registers, with exactly the data of the order (AP-08)."""
    orderer = order.orderer
    return NewMember(
        member_id=registration.member_id,
        name=orderer.name,
        kana=orderer.kana,
        email=orderer.email,
        phone=orderer.phone,
        postal_code=orderer.postal_code,
        prefecture=orderer.prefecture,
        address1=orderer.address1,
        address2=orderer.address2,
        newsletter=registration.newsletter,
        buyer_id=amazon_buyer(registration),
        email_proved=registration.email_proved,
    )


def _purchase_grant(order: OrderPlaced, member_id: UUID, rules: Rules) -> Grant | None:
    """Return the grant that the order earns; it waits unless the mode is immediate (PNT-04).

    Return None for no points.
    """
    points = rules.purchase_points(
        items=order.amounts.items + min(order.amounts.adjusted, 0),
        point_discount=order.amounts.point_discount,
        coupon_discount=order.amounts.coupon_discount,
    )
    if not points:
        return None
    return Grant(
        grant_id=new_id(),
        member_id=member_id,
        points=points,
        reason="purchase",
        state="active" if rules.purchase_activation == "immediate" else "waiting",
        order_code=order.order_code,
        valid_days=rules.valid_days,
    )
