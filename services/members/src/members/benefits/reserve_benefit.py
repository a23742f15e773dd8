"""Reserves points and a coupon for an order before its confirmation (PNT-21, CPN-10).

The browser gets a signed statement, which checkout accepts without asking members. The benefits of a statement
therefore stay reserved until it expires. A change of points or coupon keeps the id of the reservation. Checkout accepts
one order per id, so two statements never spend the same points twice.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from members.accounts.rows import member_by_buyer, member_by_email
from members.benefits.rows import (
    change_reservation,
    insert_reservation,
    is_taken_by,
    lock_buyers_reservation,
    lock_reservation,
)
from members.coupons.rules import Coupon
from members.coupons.use_coupon import reserve_coupon
from members.points.mailboxes import mailbox_had_points
from members.points.rows import balance_of, lock_balance, store_balance
from members.points.rules import NotEnoughPoints
from members.shop_rules.rows import rules_at
from members.shop_rules.rules import Rules
from members.wallets.rows import registered_before
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.ids import new_id

STATEMENT_VALID_FOR = timedelta(minutes=30)
# The event of an order placed in the last second arrives after the statement has ended.
RESERVED_FOR = STATEMENT_VALID_FOR + timedelta(minutes=5)


CouponChoice = UUID | Literal["none"] | None
"""The issued coupon to use. "none" uses none; None keeps the earlier choice."""


@dataclass(frozen=True)
class Reservation:
    """A reservation with the content of its statement for checkout.

    ``buyer_id`` and ``email`` identify a buyer who registers. Only an order of this buyer may use it.
    """

    reservation_id: UUID
    member_id: UUID
    points: int
    registration: bool
    coupon: Coupon | None = None
    buyer_id: str = ""
    email: str = ""

    def claims(self) -> dict[str, Any]:
        """Return the claims of the benefit statement."""
        return {
            "reservation_id": str(self.reservation_id),
            "member_id": str(self.member_id),
            "points": self.points,
            "coupon": None if self.coupon is None else self.coupon.model_dump(mode="json"),
            "registration": self.registration,
            "buyer_id": self.buyer_id,
            "email": self.email,
        }


async def reserve_benefit(
    tx: Tx,
    *,
    member_id: UUID,
    points: int | None = None,
    coupon: CouponChoice = None,
    at: datetime,
    earlier_id: UUID | None = None,
) -> Reservation:
    """Reserve points and a coupon of a member, or change the reservation ``earlier_id`` of this browser.

    None keeps the earlier choice. Raises NotEnoughPoints, CouponRefused, or Refused if the shop does not use points.
    """
    balance = await lock_balance(tx, member_id)
    if balance is None:
        raise NotEnoughPoints(0)
    earlier = await lock_reservation(tx, earlier_id) if earlier_id else None
    if earlier and (earlier.member_id != member_id or earlier.status != "held" or earlier.registration):
        earlier = None
    wanted = points if points is not None else earlier.points if earlier else 0
    if wanted:
        _refuse_without_points(await rules_at(tx, at))
    before = earlier.points_reserved if earlier else 0
    reserved = max(before, wanted)
    if reserved > before + balance.available:
        raise NotEnoughPoints(before + balance.available)
    await store_balance(tx, balance.reserve(reserved - before))
    reservation_id = earlier.reservation_id if earlier else new_id()
    if earlier is None:
        await insert_reservation(
            tx,
            reservation_id,
            member_id=member_id,
            buyer_id=None,
            registration=False,
            points=wanted,
            at=at,
            due_at=at + RESERVED_FOR,
        )
    issue_id = (earlier.issue_id if earlier else None) if coupon is None else coupon
    chosen = None
    if isinstance(issue_id, UUID):
        chosen = await reserve_coupon(tx, issue_id, member_id=member_id, reservation_id=reservation_id, at=at)
    await change_reservation(
        tx,
        reservation_id,
        points=wanted,
        points_reserved=reserved,
        issue_id=chosen.issue_id if chosen else None,
        due_at=at + RESERVED_FOR,
    )
    return Reservation(reservation_id, member_id, wanted, registration=False, coupon=chosen)


async def reserve_registration_points(
    tx: Tx, *, buyer_id: str, email: str, points: int, at: datetime
) -> Reservation:
    """Reserve points that a buyer will get by registering with this order (PNT-02).

    Only this buyer with this address may use them, once. A buyer who had an order with them must log in. The id of the
    future member is chosen here. A buyer has one such reservation at a time, in any browser. Raises Refused for a
    member, and if registration points are not active at once (PNT-03).
    """
    rules = await rules_at(tx, at)
    _refuse_without_points(rules)
    usable = rules.registration_points_usable_at_once()
    if not usable:
        raise Refused(
            "points_not_valid_yet", "会員登録ポイントは、有効になった後のご注文からご利用いただけます"
        )
    if await member_by_buyer(tx, buyer_id) or await member_by_email(tx, email):
        raise Refused(
            "login_needed", "すでに会員登録されています。ログインしてからポイントをご利用ください。"
        )
    if points > usable:
        raise NotEnoughPoints(usable)
    made = Reservation(new_id(), new_id(), points, registration=True, buyer_id=buyer_id, email=email)
    fresh = await insert_reservation(
        tx,
        made.reservation_id,
        member_id=made.member_id,
        buyer_id=buyer_id,
        email=email,
        registration=True,
        points=points,
        at=at,
        due_at=at + RESERVED_FOR,
    )
    if not fresh:
        made = await _change_promise(tx, made, at=at)
    # Read last: an order that took the points while this transaction waited for its reservation is visible now.
    used = await is_taken_by(tx, buyer_id=buyer_id, email=email, besides=made.reservation_id)
    if used or await registered_before(tx, buyer_id) or await mailbox_had_points(tx, email):
        raise Refused(
            "registration_points_used",
            "会員登録ポイントは、このAmazonアカウントまたはメールアドレスのご注文ですでにご利用いただいています。",
        )
    return made


async def _change_promise(tx: Tx, wanted: Reservation, *, at: datetime) -> Reservation:
    """Change the reservation of a registering buyer to ``wanted``. Raises Refused if it ended meanwhile."""
    earlier = await lock_buyers_reservation(tx, wanted.buyer_id)
    if earlier is None:
        raise Refused("reservation_ended", "もう一度お試しください")
    await change_reservation(
        tx,
        earlier.reservation_id,
        points=wanted.points,
        points_reserved=max(earlier.points_reserved, wanted.points),
        due_at=at + RESERVED_FOR,
        email=wanted.email,
    )
    return replace(wanted, reservation_id=earlier.reservation_id, member_id=earlier.member_id)


async def reservable_points(tx: Tx, member_id: UUID, *, earlier_id: UUID | None = None) -> int:
    """Return how many points a member could reserve, including those of the reservation ``earlier_id``."""
    balance = await balance_of(tx, member_id)
    earlier = await lock_reservation(tx, earlier_id) if earlier_id else None
    own = (
        earlier.points_reserved
        if earlier and earlier.member_id == member_id and earlier.status == "held"
        else 0
    )
    return balance.available + own


def _refuse_without_points(rules: Rules) -> None:
    if not rules.points_enabled:
        raise Refused("points_off", "ポイントはご利用いただけません")
