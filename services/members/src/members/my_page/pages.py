"""マイページ: points with their conditions, coupons, the Amazon link, and the member's logins."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.accounts.rows import member_by_id
from members.coupons.labels import coupon_line
from members.coupons.rows import coupons_of_member
from members.my_page.labels import WAY
from members.my_page.leave import rights_of, use_up, void_links
from members.points.labels import point_lines
from members.points.rows import balance_of, grant_waiting_for_proof, ledger_of
from members.sessions.browser import browser_of, put_login, put_session, renewed_by_proof
from members.sessions.end_sessions import end_all_sessions, end_own_session, log_out_session
from members.sessions.enter import enter_anew
from members.sessions.rows import live_sessions
from members.settings import Settings
from members.shop_rules.rows import rules_at
from members.viewer import session_id_of
from members.wallets.unlink_amazon import NotLinked, PasswordMissing, unlink_amazon
from shared.clock import now
from shared.errors import Refused
from shared.web.cookies import forget_visitor
from shared.web.parts import CurrentParts
from shared.web.session import CurrentViewer, Member, safe_next, viewer

router = APIRouter(include_in_schema=False)

LINES_MAX = 50


@router.get("/members/mypage")
async def show_my_page(request: Request, parts: CurrentParts, viewer: Member) -> Response:
    """Show the member's own page."""
    member_id = UUID(viewer.member_id)
    async with parts.db.transaction() as tx:
        at = now()
        member = await member_by_id(tx, member_id)
        if member is None:
            raise Refused("member_unknown", "会員情報が見つかりません", status=404)
        balance = await balance_of(tx, member_id)
        lines = point_lines(await ledger_of(tx, member_id, rows_max=LINES_MAX))
        coupons = await coupons_of_member(tx, member_id, rows_max=LINES_MAX)
        logins = await live_sessions(tx, member_id, at=at)
        rules = await rules_at(tx, at)
        awaiting = await grant_waiting_for_proof(tx, member_id)
        renewed = await renewed_by_proof(tx, member, viewer)
    response = parts.pages.render(
        request,
        "mypage.html",
        member={
            "name": member.name,
            "kana": member.kana,
            "email": member.email,
            "phone": member.phone,
            "postal_code": member.postal_code,
            "address": f"{member.prefecture}{member.address1} {member.address2}".strip(),
            "linked_at": member.linked_at,
            "has_password": member.password_hash is not None,
            "newsletter": member.newsletter,
            "verified_at": member.email_verified_at,
        },
        proof_points=awaiting.points if awaiting is not None else 0,
        points_enabled=rules.points_enabled,
        amazon_login=rules.amazon_login,
        available=balance.available,
        reserved=balance.reserved,
        waiting=balance.waiting,
        lines=[
            {
                "at": line.at,
                "kind": line.kind,
                "title": f"{line.what} {line.change}",
                "href": f"/orders/{line.order_code}" if line.order_code else "",
                "text": "・".join(part for part in (line.state, line.condition, line.netting) if part),
                "by": " ".join(part for part in (line.order_code, f"残高 {line.balance:,}") if part),
            }
            for line in lines
        ],
        coupons=[coupon_line(row, at=at) for row in coupons],
        logins=[
            {
                "device": login.device,
                "way": WAY.of(login.way),
                "at": login.issued_at,
                "id": str(login.session_id),
                "here": str(login.session_id) == viewer.session_id,
            }
            for login in logins
        ],
    )
    return put_session(parts, response, renewed) if renewed is not None else response


@router.post("/members/amazon/unlink")
async def undo_link(request: Request, parts: CurrentParts, viewer: Member) -> Response:
    """Undo the Amazon link and end all other logins.

    Refuse this for a member without a password, who could not log in again.
    """
    browser = browser_of(request, parts, viewer)
    try:
        async with parts.db.transaction() as tx:
            member = await unlink_amazon(tx, UUID(viewer.member_id), browser.session_id, at=now())
            entry = await enter_anew(tx, parts[Settings], browser, member, at=now())
    except NotLinked as refusal:
        return parts.pages.redirect(request, "/members/mypage", toast=refusal.message, kind="note")
    except PasswordMissing as refusal:
        return parts.pages.redirect(request, "/members/password", toast=refusal.message, kind="note")
    toast = "Amazonアカウントの連携を解除しました。ほかの端末からはログアウトしました"
    return put_login(request, parts, parts.pages.redirect(request, "/members/mypage", toast=toast), entry)


@router.post("/members/logout", dependencies=[Depends(viewer)])
async def log_out(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """End this session everywhere and delete the member's data (statements, orders, cart, input) from the browser."""
    next_path = safe_next(str((await request.form()).get("next", "")))
    session_id = session_id_of(viewer)
    async with parts.db.transaction() as tx:
        at = now()
        await use_up(tx, *await rights_of(request, parts), at=at)
        if session_id is not None and viewer.member_id is not None:
            await log_out_session(tx, UUID(viewer.member_id), session_id, at=at)
    return forget_visitor(request, parts.pages.redirect(request, next_path, toast="ログアウトしました"))


@router.post("/members/sessions/end-all")
async def log_out_everywhere(request: Request, parts: CurrentParts, viewer: Member) -> Response:
    """End all logins of the member, including this one."""
    async with parts.db.transaction() as tx:
        at = now()
        await use_up(tx, *await rights_of(request, parts), at=at)
        await void_links(tx, UUID(viewer.member_id), at=at)
        await end_all_sessions(tx, UUID(viewer.member_id), at=at)
    return forget_visitor(
        request, parts.pages.redirect(request, "/members/login", toast="すべての端末からログアウトしました")
    )


@router.post("/members/sessions/{session_id}/end")
async def log_out_one(request: Request, session_id: UUID, parts: CurrentParts, viewer: Member) -> Response:
    """End one login of the member. Another person's login gets the same response as an unknown one."""
    async with parts.db.transaction() as tx:
        at, member_id = now(), UUID(viewer.member_id)
        await end_own_session(tx, member_id, session_id, at=at)
        await void_links(tx, member_id, at=at)
    return parts.pages.redirect(request, "/members/mypage", toast="ログアウトしました")
