"""JSON routes: what checkout's pages read, and points or a coupon set aside by programs."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from members.accounts.rows import email_key, member_by_buyer, member_by_email, member_by_id
from members.benefits.pages import UseBenefit, earlier_reservation, put_statement, reserve
from members.benefits.reserve_benefit import STATEMENT_VALID_FOR
from members.benefits.rows import reservation_of
from members.coupons.rows import usable_coupons
from members.coupons.rules import Coupon
from members.parts import Here
from members.points.rows import balance_of
from members.shop_rules.rows import rules_at
from members.wallets.statement import wallet_of
from shared.clock import now
from shared.errors import Refused
from shared.web.fields import JsonInt
from shared.web.session import CurrentViewer, Member, viewer

COUPONS_MAX = 50

router = APIRouter(prefix="/api/members", tags=["members"], dependencies=[Depends(viewer)])


class Me(BaseModel):
    """The member who is logged in: what prefills the order form. The address is the member's own (AP-30)."""

    member_id: UUID
    name: str
    kana: str
    email: str
    phone: str
    postal_code: str
    prefecture: str
    address1: str
    address2: str
    newsletter: bool
    amazon_linked: bool
    points_enabled: bool
    points_available: int
    points_waiting: int
    coupons: list[Coupon]


class AmazonLinkState(BaseModel):
    """Whether an Amazon buyer is a member, or should first log in to the shop as one (X-35)."""

    state: Literal["linked", "login_needed", "none"]


class PointRules(BaseModel):
    """What the shop gives for registering and buying."""

    points_enabled: bool
    purchase_percent: Decimal
    registration_points: int
    registration_points_usable_at_once: int


class WantedBenefit(BaseModel):
    """What to set aside; what is left out stays as it was chosen before. 0 points and "none" choose nothing."""

    points: Annotated[JsonInt, Field(ge=0, le=99_999_999)] | None = None
    coupon: UUID | Literal["none"] | None = None


class Benefit(BaseModel):
    """What is set aside; the signed statement of the same content is in the cookie ``noren_benefit``."""

    reservation_id: UUID
    member_id: UUID
    points: int
    coupon: Coupon | None
    registration: bool
    expires_at: datetime


@router.get("/me")
async def me(request: Request, parts: Here, seen: Member) -> Me:
    """Return the member who is logged in; 401 for nobody.

    What this browser itself has set aside (its benefit statement) counts as available, because it may be
    changed.
    """
    member_id = UUID(seen.member_id)
    async with parts.db.transaction() as tx:
        member = await member_by_id(tx, member_id)
        if member is None:
            raise Refused("member_unknown", "会員情報が見つかりません", status=404)
        balance = await balance_of(tx, member_id)
        rules = await rules_at(tx, now())
        earlier_id = earlier_reservation(request, parts, member_id)
        earlier = await reservation_of(tx, earlier_id) if earlier_id else None
        coupons = await usable_coupons(
            tx, member_id, reservation_id=earlier_id, at=now(), rows_max=COUPONS_MAX
        )
    own = earlier.points_held if earlier is not None and earlier.status == "held" else 0
    return Me(
        member_id=member.member_id,
        name=member.name,
        kana=member.kana,
        email=member.email,
        phone=member.phone,
        postal_code=member.postal_code,
        prefecture=member.prefecture,
        address1=member.address1,
        address2=member.address2,
        newsletter=member.newsletter,
        amazon_linked=member.linked_at is not None,
        points_enabled=rules.points_enabled,
        points_available=balance.available + own if rules.points_enabled else 0,
        points_waiting=balance.waiting,
        coupons=coupons,
    )


@router.get("/amazon-links/{buyer_id}")
async def amazon_link(request: Request, buyer_id: str, parts: Here, email: str = "") -> AmazonLinkState:
    """Tell whether this buyer is linked, or has the address of a member who is not.

    That an address belongs to a member is said only to who holds payments' wallet statement for this buyer
    and address (forward the browser's cookies); everybody else reads "none", so that nobody can try
    addresses out.
    """
    wallet = wallet_of(request, parts)
    proven = (
        wallet is not None and wallet.buyer_id == buyer_id and email_key(wallet.email) == email_key(email)
    )
    async with parts.db.transaction() as tx:
        if await member_by_buyer(tx, buyer_id) is not None:
            return AmazonLinkState(state="linked")
        same_address = await member_by_email(tx, email) if proven and email else None
    return AmazonLinkState(state="login_needed" if same_address is not None else "none")


@router.get("/point-rules")
async def point_rules(parts: Here) -> PointRules:
    """Return the point rules in force."""
    async with parts.db.transaction() as tx:
        rules = await rules_at(tx, now())
    return PointRules(
        points_enabled=rules.points_enabled,
        purchase_percent=rules.purchase_percent,
        registration_points=rules.registration_grant(),
        registration_points_usable_at_once=rules.registration_points_usable_at_once(),
    )


@router.post("/benefits", responses={401: {}, 409: {}})
async def set_benefit_aside(
    request: Request, response: Response, wanted: WantedBenefit, parts: Here, seen: CurrentViewer
) -> Benefit:
    """Set points or a coupon aside for an order, or change them.

    409 ``not_enough_points``, ``coupon_used``, ``coupon_expired``, ``coupon_sold_out`` or ``coupon_unknown``.
    """
    asked = UseBenefit(points=wanted.points, coupon=wanted.coupon)
    reservation = await reserve(request, parts, asked, seen)
    put_statement(parts, response, reservation)
    return Benefit(
        reservation_id=reservation.reservation_id,
        member_id=reservation.member_id,
        points=reservation.points,
        coupon=reservation.coupon,
        registration=reservation.registration,
        expires_at=now() + STATEMENT_VALID_FOR,
    )
