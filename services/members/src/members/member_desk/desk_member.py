"""One member at the desk: personal data, every movement of points, and the coupons (AP-04, PNT-07, CPN-03)."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from members.accounts.labels import role_label
from members.accounts.rows import member_by_id
from members.coupons.labels import coupon_line
from members.coupons.rows import coupons_of_member
from members.deeds.doer import doer
from members.member_desk.labels import VIA
from members.passwords.request_reset import request_reset_by_staff
from members.points.activate_points import activate_points
from members.points.labels import point_lines
from members.points.rows import balance_of, ledger_of
from members.sessions.rows import live_sessions
from shared.clock import now
from shared.errors import Refused
from shared.web.parts import CurrentParts
from shared.web.session import Staff, needs

router = APIRouter(include_in_schema=False)

LINES_MAX = 200


@router.get("/desk/members/{member_id}", dependencies=[needs("read_members")])
async def show_member(request: Request, member_id: UUID, parts: CurrentParts) -> Response:
    """Show all data that members stores about one person, except the password."""
    at = now()
    async with parts.db.transaction() as tx:
        member = await member_by_id(tx, member_id)
        if member is None:
            raise Refused("member_unknown", "この会員は見つかりません", status=404)
        balance = await balance_of(tx, member_id)
        lines = point_lines(await ledger_of(tx, member_id, rows_max=LINES_MAX))
        coupons = await coupons_of_member(tx, member_id, rows_max=LINES_MAX)
        logins = await live_sessions(tx, member_id, at=at)
    return parts.pages.render(
        request,
        "desk_member.html",
        member={
            "id": str(member.member_id),
            "name": member.name,
            "kana": member.kana,
            "email": member.email,
            "phone": member.phone,
            "postal_code": member.postal_code,
            "address": f"{member.prefecture}{member.address1} {member.address2}".strip(),
            "newsletter": member.newsletter,
            "has_password": member.password_hash is not None,
            "registered_at": member.registered_at,
            "via": VIA.of(member.registered_via),
            "order_code": member.order_code or "",
            "linked_at": member.linked_at,
            "staff_role": role_label(member.staff_role) if member.staff_role else "なし",
            "verified_at": member.email_verified_at,
        },
        active=balance.active,
        reserved=balance.reserved,
        waiting=balance.waiting,
        debt=balance.debt,
        lines=lines,
        coupons=[coupon_line(row, at=at) for row in coupons],
        logins=len(logins),
    )


@router.post("/desk/members/{member_id}/grants/{grant_id}/activate", dependencies=[needs("activate_points")])
async def activate_grant(
    request: Request, member_id: UUID, grant_id: UUID, parts: CurrentParts, staff: Staff
) -> Response:
    """有効にする: activate waiting points of this member. The posting names the member of staff."""
    async with parts.db.transaction() as tx:
        grant = await activate_points(tx, member_id, grant_id, by=doer(request, staff), at=now())
    return parts.pages.redirect(
        request, f"/desk/members/{member_id}", toast=f"{grant.points:,}ポイントを有効にしました"
    )


@router.post("/desk/members/{member_id}/password-reset", dependencies=[needs("help_members")])
async def start_reset(request: Request, member_id: UUID, parts: CurrentParts, staff: Staff) -> Response:
    """Send the member a link to set a password. Staff see neither the link nor any password."""
    async with parts.db.transaction() as tx:
        await request_reset_by_staff(tx, member_id, by=doer(request, staff), at=now())
    return parts.pages.redirect(
        request, f"/desk/members/{member_id}", toast="パスワードを設定するためのメールを会員に送ります"
    )
