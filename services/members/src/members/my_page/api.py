"""The logged-in member, for the pages of checkout."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from members.accounts.rows import member_by_id
from members.benefits.pages import earlier_reservation
from members.benefits.rows import reservation_of
from members.coupons.rows import usable_coupons
from members.coupons.rules import Coupon
from members.points.rows import balance_of
from members.shop_rules.rows import rules_at
from shared.clock import now
from shared.errors import Refused
from shared.web.parts import CurrentParts
from shared.web.session import Member, viewer

COUPONS_MAX = 50

router = APIRouter(prefix="/api/members", tags=["members"], dependencies=[Depends(viewer)])


class Me(BaseModel):
    """The logged-in member, for prefilling the order form. The address is the member's own (AP-30)."""

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


@router.get("/me")
async def me(request: Request, parts: CurrentParts, viewer: Member) -> Me:
    """Return the logged-in member. 401 if nobody is logged in.

    The benefit that this browser has reserved counts as available, because it may be changed.
    """
    member_id = UUID(viewer.member_id)
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
    own = earlier.points_reserved if earlier is not None and earlier.status == "held" else 0
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
