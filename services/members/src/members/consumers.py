"""Everything members hears, in the order in which an order lives."""

from members.settle_points import activate_order_points, return_order_points
from members.take_order import take_order
from members.use_coupon import return_order_coupon
from shared.consumers import Consumers
from shared.database import Tx
from shared.events import (
    AmazonAccountLinked,
    CouponRedeemed,
    CouponReturned,
    MemberRegistered,
    OrderCancelled,
    OrderPlaced,
    OrderProcessed,
    PointsActivated,
    PointsGranted,
    PointsReturned,
    PointsUsed,
    Shipped,
)

consumers = Consumers("members")


@consumers.on(OrderPlaced)
async def credit_order(
    event: OrderPlaced, tx: Tx
) -> list[MemberRegistered | AmazonAccountLinked | PointsUsed | PointsGranted | CouponRedeemed]:
    """Register or link the member, commit what was set aside, and grant what the order earns."""
    return await take_order(tx, event)


@consumers.on(Shipped)
async def activate_points_on_shipping(event: Shipped, tx: Tx) -> PointsActivated | None:
    """Points become valid when the last parcel has left (PNT-08)."""
    if not event.fully_shipped:
        return None
    return await activate_order_points(tx, event.order_code, mode="on_shipped", at=event.occurred_at)


@consumers.on(OrderProcessed)
async def activate_points_on_processing(event: OrderProcessed, tx: Tx) -> PointsActivated | None:
    """Points become valid when the order is 処理済み, where the shop has chosen that (PNT-09)."""
    return await activate_order_points(tx, event.order_code, mode="on_processed", at=event.occurred_at)


@consumers.on(OrderCancelled)
async def return_points(event: OrderCancelled, tx: Tx) -> PointsReturned | None:
    """Points spent come back, points earned are void (PNT-22)."""
    return await return_order_points(tx, event.order_code, at=event.occurred_at)


@consumers.on(OrderCancelled)
async def return_coupon(event: OrderCancelled, tx: Tx) -> CouponReturned | None:
    """The coupon comes back, usable again until it expires (CPN-10)."""
    return await return_order_coupon(tx, event.order_code, at=event.occurred_at)
