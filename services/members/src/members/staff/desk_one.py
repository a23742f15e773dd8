"""One member of staff at the desk of an owner: role, disabled or not, logins and their log (STF-01, SEC-12)."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from members.accounts.labels import STAFF_ROLE, role_label
from members.deeds.doer import doer
from members.deeds.labels import DEEDS_LABEL
from members.deeds.rows import count_logins_about, logins_about
from members.sessions.end_sessions import end_all_sessions
from members.sessions.rows import live_sessions
from members.staff.change_staff import change_role, disable_staff, enable_staff, end_logins_of_staff
from members.staff.desk import PAGE
from members.staff.factors import has_factor
from members.staff.labels import state_of
from members.staff.rows import staff_of
from members.staff.second_step import remove_factor
from shared.clock import now
from shared.errors import Refused
from shared.web.forms import Form, read_form
from shared.web.paging import Paging
from shared.web.parts import CurrentParts, Parts
from shared.web.session import Staff, needs
from shared.web.staff_rights import FORMER_ROLES, Role

router = APIRouter(include_in_schema=False)

ONE = f"{PAGE}/{{member_id}}"
MINE = "/desk/members/me"
MANAGE = [needs("manage_staff")]


class RoleForm(BaseModel):
    """The new role, and the one that the owner saw."""

    role: Role = Field(title="役割")
    seen: str = Field("", max_length=40)


@router.get(MINE, dependencies=[needs("use_desk")])
async def show_own_account(request: Request, parts: CurrentParts, staff: Staff, asked: Paging) -> Response:
    """Show the viewer's own role, logins and their log."""
    return await _page(request, parts, UUID(staff.member_id), asked)


@router.get(ONE, dependencies=MANAGE)
async def show_one(request: Request, parts: CurrentParts, member_id: UUID, asked: Paging) -> Response:
    """Show a member of staff."""
    return await _page(request, parts, member_id, asked, managed=True)


@router.post(f"{ONE}/role", dependencies=MANAGE)
async def save_role(
    request: Request, parts: CurrentParts, member_id: UUID, staff: Staff, asked: Paging
) -> Response:
    """Change the role."""
    form = await read_form(request, RoleForm)
    status = 422
    if not form.errors:
        try:
            async with parts.db.transaction() as tx:
                changed = await change_role(
                    tx, member_id, form.value.role, seen=form.value.seen, by=doer(request, staff), at=now()
                )
        except Refused as refused:
            if refused.status == 404:
                raise
            status = refused.status
            form.refuse(refused)
        else:
            toast, kind = ("役割を変更しました", "done") if changed else ("変更はありません", "note")
            return parts.pages.redirect(request, f"{PAGE}/{member_id}", toast=toast, kind=kind)
    return await _page(request, parts, member_id, asked, managed=True, form=form, status=status)


@router.post(f"{ONE}/disable", dependencies=MANAGE)
async def disable(request: Request, parts: CurrentParts, member_id: UUID, staff: Staff) -> Response:
    """End all logins of the person, who cannot log in at the desk any more."""
    async with parts.db.transaction() as tx:
        await disable_staff(tx, member_id, by=doer(request, staff), at=now())
    return parts.pages.redirect(request, f"{PAGE}/{member_id}", toast="利用を停止しました")


@router.post(f"{ONE}/enable", dependencies=MANAGE)
async def enable(request: Request, parts: CurrentParts, member_id: UUID, staff: Staff) -> Response:
    """Let a disabled person log in again."""
    async with parts.db.transaction() as tx:
        await enable_staff(tx, member_id, by=doer(request, staff), at=now())
    return parts.pages.redirect(request, f"{PAGE}/{member_id}", toast="利用を再開しました")


@router.post(f"{ONE}/end-sessions", dependencies=MANAGE)
async def end_sessions(request: Request, parts: CurrentParts, member_id: UUID, staff: Staff) -> Response:
    """End all logins of the person."""
    async with parts.db.transaction() as tx:
        ended = await end_logins_of_staff(tx, member_id, by=doer(request, staff), at=now())
    return parts.pages.redirect(request, f"{PAGE}/{member_id}", toast=f"{ended}件のログインを終了しました")


@router.post(f"{ONE}/second-factor/remove", dependencies=MANAGE)
async def remove_lost_factor(
    request: Request, parts: CurrentParts, member_id: UUID, staff: Staff
) -> Response:
    """Remove the second factor of a person who lost it, and end all logins of the person.

    Raises Refused for the own one: it needs a code, at the own account.
    """
    if str(member_id) == staff.member_id:
        message = "自分の2段階認証は「自分のアカウント」の画面で、確認コードか回復コードを入力して解除してください。"
        raise Refused("own_second_factor", message, status=409)
    async with parts.db.transaction() as tx:
        one = await staff_of(tx, member_id, at=now())
        if one is None:
            raise Refused("staff_unknown", "このスタッフは見つかりません。", status=404)
        removed = await remove_factor(
            tx, member_id, by=doer(request, staff), subject=f"{one.name}（{one.email}）", at=now()
        )
        if removed:
            await end_all_sessions(tx, member_id, at=now())
    toast, kind = (
        ("2段階認証を解除しました", "done") if removed else ("2段階認証は設定されていません", "note")
    )
    return parts.pages.redirect(request, f"{PAGE}/{member_id}", toast=toast, kind=kind)


async def _page(
    request: Request,
    parts: Parts,
    member_id: UUID,
    asked: Paging,
    *,
    managed: bool = False,
    form: Form[Any] | None = None,
    status: int = 200,
) -> Response:
    at = now()
    async with parts.db.transaction() as tx:
        one = await staff_of(tx, member_id, at=at)
        if one is None:
            raise Refused("staff_unknown", "このスタッフは見つかりません。", status=404)
        logins = [login for login in await live_sessions(tx, member_id, at=at) if login.at_desk]
        noted = await logins_about(tx, member_id, rows_max=asked.size, offset=asked.offset)
        total = await count_logins_about(tx, member_id)
        secured = await has_factor(tx, member_id)
    role = FORMER_ROLES.get(one.role, one.role)
    return parts.pages.render(
        request,
        "desk_staff_one.html",
        status=status,
        one=one,
        path=f"{PAGE}/{member_id}",
        managed=managed,
        secured=secured,
        state=state_of(one),
        role=role_label(one.role),
        stored_role=one.role,
        form=form or Form(RoleForm, {"role": role}),
        roles=list(STAFF_ROLE.items()),
        logins=logins,
        noted=[(line, DEEDS_LABEL.of(line.deed)) for line in noted],
        page=asked.of(total),
    )
