"""2段階認証 of the viewer at the desk: set up, new recovery codes, removed (STF-02)."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from members.deeds.doer import doer
from members.settings import Settings
from members.staff.code_form import CodeForm
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


@router.get(PAGE)
async def show_factor(request: Request, parts: CurrentParts, staff: Staff) -> Response:
    """Show how the factor is set up, or what can be done with it."""
    return await _page(request, parts, staff, Form(CodeForm), anew=True)


@router.post(PAGE)
async def set_up(request: Request, parts: CurrentParts, staff: Staff) -> Response:
    """Confirm the factor with the first code, and show the recovery codes once."""

    async def act(code: str) -> Response:
        codes = await confirm_factor(parts.db, code, by=doer(request, staff), member_id=UUID(staff.member_id))
        return _codes_page(request, parts, codes)

    return await _with_code(request, parts, staff, act)


@router.post(f"{PAGE}/codes")
async def make_new_codes(request: Request, parts: CurrentParts, staff: Staff) -> Response:
    """Make new recovery codes with a code, and show them once."""

    async def act(code: str) -> Response:
        codes = await renew_codes(parts.db, code, by=doer(request, staff), member_id=UUID(staff.member_id))
        return _codes_page(request, parts, codes)

    return await _with_code(request, parts, staff, act)


@router.post(f"{PAGE}/remove")
async def remove(request: Request, parts: CurrentParts, staff: Staff) -> Response:
    """Remove the factor with a code. Raises Refused for an owner of a live shop."""
    if needs_factor(parts[Settings], staff.staff):
        message = "責任者は2段階認証を解除できません。"
        raise Refused("second_factor_needed", message, status=409)

    async def act(code: str) -> Response:
        await remove_own_factor(parts.db, code, by=doer(request, staff), member_id=UUID(staff.member_id))
        return parts.pages.redirect(request, "/desk/members/me", toast="2段階認証を解除しました")

    return await _with_code(request, parts, staff, act)


async def _with_code(
    request: Request, parts: Parts, staff: Viewer, act: Callable[[str], Awaitable[Response]]
) -> Response:
    form, status = await read_form(request, CodeForm), 422
    if not form.errors:
        try:
            return await act(form.value.code)
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
    request: Request, parts: Parts, staff: Viewer, form: Form[CodeForm], *, anew: bool = False, status: int = 200
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
