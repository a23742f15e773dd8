"""One use of a coupon: reserved for an order, redeemed by it, returned by its cancellation (CPN-10)."""

from datetime import datetime
from uuid import UUID

from members.coupons.rows import (
    Redemption,
    add_entry,
    give_use_back,
    issued_coupon,
    reserved_with,
    take_use,
)
from members.coupons.rules import Coupon, CouponRefused
from shared.clock import last_day
from shared.database.transactions import Tx
from shared.events import CouponRedeemed, CouponReturned, OrderCancelled, OrderPlaced

_REFUSED = {
    "member_limit": (
        "coupon_used",
        "このクーポンは使用済みか、別のご注文手続きで使われています。"
        "ご注文が確定しない場合は、35分ほどでまたお使いいただけます。",
    ),
    "overall_limit": (
        "coupon_sold_out",
        "このクーポンは利用回数の上限に達しました。ほかのクーポンをお選びください。",
    ),
}


async def reserve_coupon(
    tx: Tx, issue_id: UUID, *, member_id: UUID, reservation_id: UUID, at: datetime
) -> Coupon:
    """Reserve a member's coupon with a reservation that this transaction made or locked.

    A coupon that is already reserved with it is only returned. Raises CouponRefused: not the member's, expired, used,
    or no use left.
    """
    row = await issued_coupon(tx, issue_id)
    if row is None or row.member_id != member_id:
        raise CouponRefused("coupon_unknown", "このクーポンはご利用いただけません。")
    if row.expires_at <= at:
        raise CouponRefused(
            "coupon_expired",
            f"「{row.name}」の有効期限は{last_day(row.expires_at):%Y/%m/%d}まででした。",
        )
    if issue_id not in await reserved_with(tx, reservation_id):
        taken = await take_use(tx, issue_id)
        if taken != "taken":
            raise CouponRefused(*_REFUSED[taken])
        await add_entry(tx, issue_id, "reserved", change=1, reservation_id=reservation_id, at=at)
    return Coupon.model_validate(row)


async def release_coupons(tx: Tx, reservation_id: UUID, *, at: datetime) -> None:
    """Release the coupons of a reservation that ends without an order."""
    for issue_id in await reserved_with(tx, reservation_id):
        await give_use_back(tx, issue_id)
        await add_entry(tx, issue_id, "released", change=-1, reservation_id=reservation_id, at=at)


async def redeem_coupon(tx: Tx, event: OrderPlaced) -> bool:
    """Redeem the coupon of a placed order and release the other coupons of its reservation.

    Returns False if no use was left. This can happen only if the order is consumed after its reservation was released.
    The order remains valid, the limits still hold, and the order's note shows it at the desk.
    """
    if event.benefit_reservation_id is None:
        return True
    row = await issued_coupon(tx, event.coupon) if event.coupon is not None else None
    redeemed = row is not None and await _redeem(tx, event, row.issue_id, event.benefit_reservation_id)
    await release_coupons(tx, event.benefit_reservation_id, at=event.placed_at)
    if row is None or not redeemed:
        return event.coupon is None
    tx.say(
        CouponRedeemed(
            member_id=row.member_id,
            coupon_id=row.coupon_id,
            issue_id=row.issue_id,
            name=row.name,
            discount=event.amounts.coupon_discount,
            order_code=event.order_code,
        )
    )
    return True


async def _redeem(tx: Tx, event: OrderPlaced, issue_id: UUID, reservation_id: UUID) -> bool:
    """Turn the reserved use into the order's use, or take a new one. Return False if none is left."""
    reserved = issue_id in await reserved_with(tx, reservation_id)
    if not reserved and await take_use(tx, issue_id) != "taken":
        return False
    await add_entry(
        tx,
        issue_id,
        "redeemed",
        change=0 if reserved else 1,
        reservation_id=reservation_id,
        at=event.placed_at,
        order_code=event.order_code,
    )
    return True


async def return_coupon(tx: Tx, event: OrderCancelled, redeemed: Redemption) -> None:
    """Return the coupon that a cancelled order redeemed."""
    row = await issued_coupon(tx, redeemed.issue_id)
    if row is None:
        return
    await give_use_back(tx, redeemed.issue_id)
    await add_entry(
        tx,
        redeemed.issue_id,
        "returned",
        change=-1,
        reservation_id=redeemed.reservation_id,
        at=event.occurred_at,
        order_code=event.order_code,
    )
    returned = CouponReturned(
        member_id=row.member_id,
        coupon_id=row.coupon_id,
        issue_id=row.issue_id,
        name=row.name,
        usable=row.expires_at > event.occurred_at,
        order_code=event.order_code,
    )
    tx.say(returned.following(event.cause))
