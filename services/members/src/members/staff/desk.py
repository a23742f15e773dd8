"""スタッフ at the desk: who is staff, with which role, and who was invited (STF-01)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from members.accounts.labels import STAFF_ROLE, role_label
from members.deeds.doer import doer
from members.staff.invitations import Invitation, open_invitations
from members.staff.invite_staff import InviteForm, invite_staff, withdraw_invitation
from members.staff.labels import state_of
from members.staff.rows import StaffMember, count_staff, find_staff
from shared.clock import now
from shared.errors import Refused
from shared.web.cells import at, badge, link, number, text
from shared.web.fields import Line
from shared.web.forms import Form, read_form
from shared.web.lists import Column, DeskList, SearchBox
from shared.web.paging import Paging
from shared.web.parts import CurrentParts
from shared.web.session import Staff, needs

router = APIRouter(include_in_schema=False)

PAGE = "/desk/members/staff"


class StaffFilters(BaseModel):
    """Words in name or address."""

    q: Line = Field("", title="検索する言葉", max_length=100)


def _path(one: StaffMember) -> str:
    return f"{PAGE}/{one.member_id}"


STAFF = DeskList[StaffFilters, StaffMember](
    path=PAGE,
    filters=StaffFilters,
    columns=[
        Column("氏名", lambda one: link(one.name, _path(one)), css="card-who"),
        Column("メールアドレス", lambda one: text(one.email)),
        Column("役割", lambda one: text(role_label(one.role))),
        Column("状態", lambda one: badge(state_of(one)), css="card-state"),
        Column("ログイン中", lambda one: number(one.logins), css="card-foot", numeric=True, named=True),
        Column("最後に利用した日時", lambda one: at(one.used_at), css="card-foot"),
    ],
    href=_path,
    search=SearchBox("氏名・メールアドレス", label="スタッフを検索"),
)


@router.get(PAGE, dependencies=[needs("manage_staff")])
async def list_staff(request: Request, parts: CurrentParts, paging: Paging) -> Response:
    """Show the staff, active ones first, and the open invitations."""
    asked = STAFF.read(request, paging)
    async with parts.db.transaction() as tx:
        found = await find_staff(tx, asked.filters.q, at=now(), rows_max=paging.size, offset=paging.offset)
        total = await count_staff(tx, asked.filters.q)
        invitations = await open_invitations(tx)
    return parts.pages.render(
        request,
        "desk_staff.html",
        status=asked.status,
        list=STAFF.shown(asked, found, total),
        invitations=_shown(invitations, at=now()),
    )


@router.get(f"{PAGE}/invite", dependencies=[needs("manage_staff")])
async def show_invitation_form(request: Request, parts: CurrentParts) -> Response:
    """Show the form of an invitation."""
    return _form_page(request, parts, Form(InviteForm))


@router.post(f"{PAGE}/invite", dependencies=[needs("manage_staff")])
async def invite(request: Request, parts: CurrentParts, staff: Staff) -> Response:
    """Invite a person by mail, also again."""
    form = await read_form(request, InviteForm)
    if not form.errors:
        try:
            async with parts.db.transaction() as tx:
                await invite_staff(tx, form.value, by=doer(request, staff), at=now())
            return parts.pages.redirect(
                request, PAGE, toast=f"{form.value.email} に招待のメールをお送りします"
            )
        except Refused as refused:
            form.refuse(refused)
    return _form_page(request, parts, form, status=422)


@router.post(f"{PAGE}/invitations/{{request_id}}/withdraw", dependencies=[needs("manage_staff")])
async def withdraw(request: Request, parts: CurrentParts, staff: Staff, request_id: UUID) -> Response:
    """Make the link of an invitation invalid."""
    async with parts.db.transaction() as tx:
        invitation = await withdraw_invitation(tx, request_id, by=doer(request, staff), at=now())
    return parts.pages.redirect(request, PAGE, toast=f"{invitation.name}さんへの招待を取り消しました")


def _shown(invitations: Sequence[Invitation], *, at: datetime) -> list[dict[str, object]]:
    return [
        {
            "id": one.request_id,
            "name": one.name,
            "email": one.email,
            "role": one.role,
            "role_label": role_label(one.role),
            "invited_by": one.invited_by,
            "expires_at": one.expires_at,
            "expired": one.expires_at <= at,
        }
        for one in invitations
    ]


def _form_page(
    request: Request, parts: CurrentParts, form: Form[InviteForm], *, status: int = 200
) -> Response:
    return parts.pages.render(
        request, "desk_staff_invite.html", status=status, form=form, roles=list(STAFF_ROLE.items())
    )
