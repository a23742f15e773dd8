"""The events that members consumes, in the order of an order's life."""

from members.deeds.note_deed_elsewhere import note_deed_elsewhere
from members.deeds.rows import DESK_EVENTS
from members.orders.activate_earned_points import WaitingPoints
from members.orders.follow_money import MoneyOfOrders
from members.orders.link_account import AuthorizedOrders
from members.orders.return_coupon import CancelledCoupons
from members.orders.return_points import CancelledPoints
from members.orders.take_order import PlacedOrders
from shared.database.transactions import Tx
from shared.events import (
    AmazonAccountLinked,
    BenefitShortageFound,
    CouponRedeemed,
    CouponReturned,
    DeskEvent,
    EmailVerificationRequested,
    MemberRegistered,
    OrderCancelled,
    OrderPlaced,
    OrderProcessed,
    PaymentAuthorized,
    PaymentStandingChanged,
    PointsActivated,
    PointsGranted,
    PointsReturned,
    PointsUsed,
    RegistrationRefused,
    Shipped,
    ShopChanged,
)
from shared.messaging.consumers import Consumers
from shared.shop.identity.keep_identity import keep_identity

consumers = Consumers("members")


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
    """Register or link the member, commit the reservation, and grant the points that the order earns."""
    await orders.take(event)


@consumers.on(PaymentAuthorized, opens=AuthorizedOrders, linger_seconds=0.2)
async def link_account(
    event: PaymentAuthorized, tx: Tx, orders: AuthorizedOrders
) -> AmazonAccountLinked | None:
    """Link the member with the Amazon account of the order, now that the buyer confirmed it there (MEM-01)."""
    return orders.link(event)


@consumers.on(Shipped, opens=WaitingPoints, linger_seconds=0.2)
async def activate_points_on_shipping(
    event: Shipped, tx: Tx, points: WaitingPoints
) -> PointsActivated | None:
    """Activate points when the last parcel was shipped (PNT-08)."""
    return points.shipped(event)


@consumers.on(OrderProcessed, opens=WaitingPoints, linger_seconds=0.2)
async def activate_points_on_processing(
    event: OrderProcessed, tx: Tx, points: WaitingPoints
) -> PointsActivated | None:
    """Activate points when the order is 処理済み, if the shop chose that (PNT-09)."""
    return points.processed(event)


@consumers.on(PaymentStandingChanged, opens=MoneyOfOrders)
async def follow_money(
    event: PaymentStandingChanged, tx: Tx, money: MoneyOfOrders
) -> PointsReturned | PointsGranted | None:
    """Revoke the earned points of an order whose money all went back. Grant them again if some of it is here again."""
    return money.follow(event)


@consumers.on(OrderCancelled, opens=CancelledPoints)
async def return_points(event: OrderCancelled, tx: Tx, points: CancelledPoints) -> PointsReturned | None:
    """Return the spent points and revoke the earned points of a cancelled order (PNT-22)."""
    return points.give_back(event)


@consumers.on(OrderCancelled, opens=CancelledCoupons, says=[CouponReturned])
async def return_coupon(event: OrderCancelled, tx: Tx, coupons: CancelledCoupons) -> None:
    """Return the coupon of a cancelled order. It is usable again until it expires (CPN-10)."""
    coupons.give_back(event)


@consumers.on(*DESK_EVENTS)
async def note_desk_deed(event: DeskEvent, tx: Tx) -> None:
    """Add deeds at the desks of other services to the list of deeds (STF-03)."""
    await note_deed_elsewhere(tx, event)


@consumers.on(ShopChanged)
async def keep_shop(event: ShopChanged, tx: Tx) -> None:
    """Keep the identity of the shop for pages: they show it within seconds (SHO-01)."""
    await keep_identity(tx, event)
