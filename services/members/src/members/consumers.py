"""Everything members hears, in the order in which an order lives."""

from collections.abc import Mapping

from members.settle_points import activate_order_points, return_order_points
from members.storage.staff_deeds import Deed, Doer, note_deed
from members.take_orders import take_orders
from members.use_coupon import return_order_coupons
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


@consumers.on(OrderPlaced, linger_seconds=0.2)
async def credit_order(
    events: list[OrderPlaced], tx: Tx
) -> list[
    MemberRegistered
    | AmazonAccountLinked
    | EmailVerificationRequested
    | RegistrationRefused
    | BenefitShortageFound
    | PointsUsed
    | PointsGranted
    | CouponRedeemed
]:
    """Register or link the member, commit what was set aside, and grant what the order earns."""
    return await take_orders(tx, events)


@consumers.on(Shipped, linger_seconds=0.2)
async def activate_points_on_shipping(events: list[Shipped], tx: Tx) -> list[PointsActivated]:
    """Points become valid when the last parcel has left (PNT-08)."""
    shipped = [event for event in events if event.fully_shipped]
    return await activate_order_points(tx, shipped, mode="on_shipped")


@consumers.on(OrderProcessed, linger_seconds=0.2)
async def activate_points_on_processing(events: list[OrderProcessed], tx: Tx) -> list[PointsActivated]:
    """Points become valid when the order is 処理済み, where the shop has chosen that (PNT-09)."""
    return await activate_order_points(tx, events, mode="on_processed")


@consumers.on(OrderCancelled)
async def return_points(events: list[OrderCancelled], tx: Tx) -> list[PointsReturned]:
    """Points spent come back, points earned are void (PNT-22)."""
    return await return_order_points(tx, events)


@consumers.on(OrderCancelled)
async def return_coupon(events: list[OrderCancelled], tx: Tx) -> list[CouponReturned]:
    """The coupon comes back, usable again until it expires (CPN-10)."""
    return await return_order_coupons(tx, events)


@consumers.on(OrdersExported, PaymentsExported, PaymentLookUpRequested, MailsResent)
async def note_desk_deed(
    event: OrdersExported | PaymentsExported | PaymentLookUpRequested | MailsResent, tx: Tx
) -> None:
    """Deeds at the desks of other services stand beside those at our own (STF-03)."""
    by = Doer(event.by_id, event.by, event.ip)
    await note_deed(tx, by, _DESK_DEED[type(event)], event.subject, at=event.occurred_at)
