"""パスワードの変更: ends all other logins (A2)."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from members.domain.passwords import weakness
from members.end_sessions import change_password
from members.sign_in import check_password
from members.storage.attempts import TooManyAttempts
from members.storage.members import member_by_id
from members.web.form_models import ChangePassword
from members.web.parts import Here, Parts, address_of, session_id_of
from shared.errors import Refused
from shared.web.forms import Form, read_form
from shared.web.session import Member, Viewer

router = APIRouter(include_in_schema=False)


@router.get("/members/password")
async def show_password(request: Request, parts: Here, seen: Member) -> Response:
    """Show the form."""
    return parts.pages.render(request, "password.html", form=Form(ChangePassword))


@router.post("/members/password")
async def save_password(request: Request, parts: Here, seen: Member) -> Response:
    """Change the password and stay logged in here."""
    form = await read_form(request, ChangePassword)
    status, headers = 422, {}
    if not form.errors:
        try:
            await _change(request, parts, form.value, seen)
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


async def _change(request: Request, parts: Parts, asked: ChangePassword, seen: Viewer) -> None:
    async with parts.db.transaction() as tx:
        member = await member_by_id(tx, UUID(seen.member_id))
    if member is None:
        raise Refused("member_unknown", "会員情報が見つかりません", status=404)
    await check_password(
        parts.db,
        parts.hasher,
        email=member.email,
        password=asked.password,
        ip=address_of(request),
        device=parts.device(request),
    )
    if reason := weakness(asked.new_password, personal_numbers=[member.phone]):
        raise Refused("password_weak", reason, field="new_password")
    await change_password(parts.db, parts.hasher, member, asked.new_password, but=session_id_of(seen))
