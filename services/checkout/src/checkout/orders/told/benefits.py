"""Points, coupons and membership of an order as members reported them. Events add rows; pages read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from checkout.orders.told.tables import order_benefits, order_memberships
from shared import events
from shared.database.bulk import insert_all
from shared.database.sql import columns_of
from shared.database.transactions import Tx
from shared.events import Event

BenefitKind = Literal[
    "used",
    "granted_pending",
    "granted_active",
    "activated",
    "returned",
    "revoked",
    "coupon_redeemed",
    "coupon_returned",
]
MembershipKind = Literal["registered", "linked", "refused"]


@dataclass(frozen=True, slots=True)
class ToldBenefit:
    """One action of members with points or a named ``coupon`` of an order. An undo is another action."""

    order_code: str
    kind: BenefitKind
    at: datetime
    points: int = 0
    coupon: str | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """The effect of an order on its buyer's membership."""

    order_code: str
    kind: MembershipKind
    at: datetime


_GRANTED: dict[str, BenefitKind] = {"pending": "granted_pending", "active": "granted_active"}


def benefits_of(event: Event, order_code: str) -> list[ToldBenefit]:
    """Return what ``event`` reports about points and coupons. A grant in an unknown state is left out."""
    found: list[tuple[BenefitKind | None, int, str | None]] = []
    match event:
        case events.PointsUsed():
            found = [("used", event.points, None)]
        case events.PointsGranted():
            found = [(_GRANTED.get(event.state), event.points, None)]
        case events.PointsActivated():
            found = [("activated", event.points, None)]
        case events.PointsReturned():
            found = [("returned", event.points_returned, None), ("revoked", event.points_revoked, None)]
        case events.CouponRedeemed():
            found = [("coupon_redeemed", 0, event.name)]
        case events.CouponReturned():
            found = [("coupon_returned", 0, event.name)]
    return [
        ToldBenefit(order_code, kind, event.occurred_at, points, coupon)
        for kind, points, coupon in found
        if kind and (points or coupon is not None)
    ]


def memberships_of(event: Event, order_code: str) -> list[Membership]:
    """Return what ``event`` reports about the membership of the buyer of its order."""
    match event:
        case events.MemberRegistered():
            return [Membership(order_code, "registered", event.occurred_at)]
        case events.AmazonAccountLinked():
            return [Membership(order_code, "linked", event.occurred_at)]
        case events.RegistrationRefused():
            return [Membership(order_code, "refused", event.occurred_at)]
    return []


async def add_benefits(tx: Tx, benefits: Sequence[ToldBenefit]) -> None:
    """Store reports of members about points and coupons. Their orders must exist."""
    await insert_all(
        tx,
        order_benefits,
        [
            {
                "order_code": one.order_code,
                "kind": one.kind,
                "points": one.points,
                "coupon": one.coupon,
                "at": one.at,
            }
            for one in benefits
        ],
    )


async def add_memberships(tx: Tx, memberships: Sequence[Membership]) -> None:
    """Store reports of members about buyers. Their orders must exist."""
    await insert_all(
        tx,
        order_memberships,
        [{"order_code": one.order_code, "kind": one.kind, "at": one.at} for one in memberships],
    )


async def read_benefits(tx: Tx, code: str) -> list[ToldBenefit]:
    """Return the reports of members about points and coupons of an order, oldest first."""
    return await tx.read(
        ToldBenefit,
        f"SELECT {columns_of(ToldBenefit)} FROM order_benefits"  # noqa: S608 - our own column names
        " WHERE order_code = :code ORDER BY entry_id",
        code=code,
    )


async def read_memberships(tx: Tx, code: str) -> set[MembershipKind]:
    """Return the reports of members about the buyer of an order."""
    found = await tx.rows("SELECT kind FROM order_memberships WHERE order_code = :code", code=code)
    return {row.kind for row in found}
