"""Everything members hears, in the order in which an order lives."""

from collections.abc import Mapping

from members.coupons.use_coupon import CancelledCoupons
from members.deeds.rows import Deed, Doer, note_deed
from members.orders.settle_points import CancelledPoints, WaitingPoints
from members.orders.take_order import PlacedOrders
from shared.consumers import Consumers
from shared.database import Tx
from shared.events import (
    AmazonAccountLinked,
    BenefitShortageFound,
    CouponRedeemed,
    CouponReturned,
    EmailVerificationRequested,
    Event,
    MailsResent,
    MemberRegistered,
    OrderCancelled,
    OrderPlaced,
    OrderProcessed,
    OrdersExported,
    PaymentLookUpRequested,
    PaymentsExported,
    PointsActivated,
    PointsGranted,
    PointsReturned,
    PointsUsed,
    RegistrationRefused,
    Shipped,
)

consumers = Consumers("members")
_DESK_DEED: Mapping[type[Event], Deed] = {
    OrdersExported: "orders_exported",
    PaymentsExported: "payments_exported",
    PaymentLookUpRequested: "payment_looked_up",
    MailsResent: "mails_resent",
}


@consumers.on(
    OrderPlaced,
    opens=PlacedOrders,
    says=[
        MemberRegistered,
        AmazonAccountLinked,
        EmailVerificationRequested,
        RegistrationRefused,
        BenefitShortageFound,
        PointsUsed,
        PointsGranted,
        CouponRedeemed,
    ],
    linger_seconds=0.2,
)
async def credit_order(event: OrderPlaced, tx: Tx, orders: PlacedOrders) -> None:
    """Register or link the member, commit what was set aside, and grant what the order earns."""
    await orders.take(event)


@consumers.on(Shipped, opens=WaitingPoints, linger_seconds=0.2)
async def activate_points_on_shipping(
    event: Shipped, tx: Tx, points: WaitingPoints
) -> PointsActivated | None:
    """Points become valid when the last parcel has left (PNT-08)."""
    if not event.fully_shipped:
        return None
    return points.activate(event.order_code, mode="on_shipped", at=event.occurred_at)


@consumers.on(OrderProcessed, opens=WaitingPoints, linger_seconds=0.2)
async def activate_points_on_processing(
    event: OrderProcessed, tx: Tx, points: WaitingPoints
) -> PointsActivated | None:
    """Points become valid when the order is 処理済み, where the shop has chosen that (PNT-09)."""
    return points.activate(event.order_code, mode="on_processed", at=event.occurred_at)


@consumers.on(OrderCancelled, opens=CancelledPoints)
async def return_points(event: OrderCancelled, tx: Tx, points: CancelledPoints) -> PointsReturned | None:
    """Points spent come back, points earned are void (PNT-22)."""
    return points.give_back(event)


@consumers.on(OrderCancelled, opens=CancelledCoupons, says=[CouponReturned])
async def return_coupon(event: OrderCancelled, tx: Tx, coupons: CancelledCoupons) -> None:
    """The coupon comes back, usable again until it expires (CPN-10)."""
    coupons.give_back(event)


@consumers.on(OrdersExported, PaymentsExported, PaymentLookUpRequested, MailsResent)
async def note_desk_deed(
    event: OrdersExported | PaymentsExported | PaymentLookUpRequested | MailsResent, tx: Tx
) -> None:
    """Deeds at the desks of other services stand beside those at our own (STF-03)."""
    by = Doer(event.by_id, event.by, event.ip)
    await note_deed(tx, by, _DESK_DEED[type(event)], event.subject, at=event.occurred_at)
