"""パスワードの変更: ends all other logins (A2). A member without a password gets a link for the first by mail (MEM-09)."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from members.accounts import rows as accounts
from members.accounts.forms import ChangePassword
from members.accounts.hasher import PasswordHasher
from members.accounts.rows import member_by_id
from members.passwords.request_reset import request_own_reset
from members.passwords.set_password import change_password
from members.sessions.attempts import TooManyAttempts
from members.sessions.browser import browser_of
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts
from shared.web.session import Member, Viewer

router = APIRouter(include_in_schema=False)

PAGE = "/members/password"


@router.get(PAGE)
async def show_password(request: Request, parts: CurrentParts, viewer: Member) -> Response:
    """Show the form, or how to get the first password."""
    async with parts.db.transaction() as tx:
        member = await _viewer(tx, viewer)
    if member.password_hash is None:
        return parts.pages.render(request, "password_first.html", email=member.email)
    return parts.pages.render(request, "password.html", form=Form(ChangePassword))


@router.post(PAGE)
async def save_password(request: Request, parts: CurrentParts, viewer: Member) -> Response:
    """Change the password and stay logged in here."""
    form = await read_form(request, ChangePassword)
    status, headers = 422, {}
    if not form.errors:
        try:
            async with parts.db.transaction() as tx:
                member = await _viewer(tx, viewer)
            await change_password(
                parts.db,
                parts[PasswordHasher],
                browser_of(request, parts, viewer),
                member,
                present=form.value.password,
                password=form.value.new_password,
            )
            return parts.pages.redirect(
                request,
                "/members/mypage",
                toast="パスワードを変更しました。ほかの端末からはログアウトしました",
            )
        except TooManyAttempts as refusal:
            status, headers = refusal.status, {"Retry-After": str(refusal.retry_after_seconds)}
            form.refuse(refusal)
        except Refused as refusal:
            form.refuse(refusal)
    return parts.pages.render(request, "password.html", status=status, headers=headers, form=form)


@router.post(f"{PAGE}/first")
async def mail_first_password(request: Request, parts: CurrentParts, viewer: Member) -> Response:
    """Send a link to the member's own address."""
    async with parts.db.transaction() as tx:
        await request_own_reset(tx, await _viewer(tx, viewer), at=now())
    return parts.pages.redirect(
        request, "/members/mypage", toast="パスワードを設定するためのメールをお送りします"
    )


async def _viewer(tx: Tx, viewer: Viewer) -> accounts.Member:
    member = await member_by_id(tx, UUID(viewer.member_id))
    if member is None:
        raise Refused("member_unknown", "会員情報が見つかりません", status=404)
    return member
