"""2段階認証 of the viewer at the desk: set up, new recovery codes, removed (STF-02)."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from members.accounts.hasher import PasswordHasher
from members.accounts.rows import member_by_id
from members.deeds.doer import doer
from members.passwords.set_password import check_present_password
from members.sessions.browser import browser_of
from members.settings import Settings
from members.staff.code_form import CodeForm, SetUpForm
from members.staff.factors import codes_left, propose_factor
from members.staff.log_in_at_desk import needs_factor
from members.staff.rows import staff_of
from members.staff.second_step import confirm_factor, remove_own_factor, renew_codes
from members.staff.set_up_page import set_up_page
from shared.clock import now
from shared.errors import Refused
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import Staff, Viewer, needs

router = APIRouter(dependencies=[needs("use_desk")], include_in_schema=False)

PAGE = "/desk/members/me/second-factor"
_Asked = TypeVar("_Asked", bound=CodeForm)


@router.get(PAGE)
async def show_factor(request: Request, parts: CurrentParts, staff: Staff) -> Response:
    """Show how the factor is set up, or what can be done with it."""
    return await _page(request, parts, staff, Form(SetUpForm), anew=True)


@router.post(PAGE)
async def set_up(request: Request, parts: CurrentParts, staff: Staff) -> Response:
    """Confirm the factor with the password and the first code, and show the recovery codes once."""

    async def act(form: SetUpForm) -> Response:
        await _check_password(request, parts, staff, form.password)
        by, member_id = doer(request, staff), UUID(staff.member_id)
        return _codes_page(
            request, parts, await confirm_factor(parts.db, form.code, by=by, member_id=member_id)
        )

    return await _with_code(request, parts, staff, SetUpForm, act)


@router.post(f"{PAGE}/codes")
async def make_new_codes(request: Request, parts: CurrentParts, staff: Staff) -> Response:
    """Make new recovery codes with a code, and show them once."""

    async def act(form: CodeForm) -> Response:
        codes = await renew_codes(
            parts.db, form.code, by=doer(request, staff), member_id=UUID(staff.member_id)
        )
        return _codes_page(request, parts, codes)

    return await _with_code(request, parts, staff, CodeForm, act)


@router.post(f"{PAGE}/remove")
async def remove(request: Request, parts: CurrentParts, staff: Staff) -> Response:
    """Remove the factor with a code. Raises Refused for an owner of a live shop."""
    if needs_factor(parts[Settings], staff.staff):
        message = "責任者は2段階認証を解除できません。"
        raise Refused("second_factor_needed", message, status=409)

    async def act(form: CodeForm) -> Response:
        await remove_own_factor(parts.db, form.code, by=doer(request, staff), member_id=UUID(staff.member_id))
        return parts.pages.redirect(request, "/desk/members/me", toast="2段階認証を解除しました")

    return await _with_code(request, parts, staff, CodeForm, act)


async def _check_password(request: Request, parts: Parts, staff: Viewer, password: str) -> None:
    """Check the password of the viewer. Raises Refused for a wrong one, and TooManyAttempts."""
    async with parts.db.transaction() as tx:
        member = await member_by_id(tx, UUID(staff.member_id))
    if member is None:
        raise Refused("staff_unknown", "このスタッフは見つかりません。", status=404)
    browser = browser_of(request, parts, staff)
    await check_present_password(parts.db, parts[PasswordHasher], browser, member, password)


async def _with_code(
    request: Request,
    parts: Parts,
    staff: Viewer,
    asked: type[_Asked],
    act: Callable[[_Asked], Awaitable[Response]],
) -> Response:
    form, status = await read_form(request, asked), 422
    if not form.errors:
        try:
            return await act(form.value)
        except Refused as refusal:
            status = refusal.status
            form.refuse(refusal)
    return await _page(request, parts, staff, form, status=status)


def _codes_page(request: Request, parts: Parts, codes: list[str]) -> Response:
    headers = {"Cache-Control": "no-store"}
    return parts.pages.render(
        request, "staff_codes.html", headers=headers, codes=codes, onward="/desk/members/me", at_desk=True
    )


async def _page(
    request: Request, parts: Parts, staff: Viewer, form: Form[Any], *, anew: bool = False, status: int = 200
) -> Response:
    member_id = UUID(staff.member_id)
    async with parts.db.transaction() as tx:
        one = await staff_of(tx, member_id, at=now())
        if one is None:
            raise Refused("staff_unknown", "このスタッフは見つかりません。", status=404)
        factor = await propose_factor(tx, member_id, anew=anew, at=now())
        left = await codes_left(tx, member_id)
    if factor.confirmed_at is None:
        return set_up_page(
            request, parts, factor, form, action=PAGE, email=one.email, at_desk=True, status=status
        )
    return parts.pages.render(
        request,
        "desk_my_factor.html",
        status=status,
        form=form,
        path=PAGE,
        left=left,
        confirmed_at=factor.confirmed_at,
        required=needs_factor(parts[Settings], staff.staff),
    )
