"""The second step of a login at the desk: a code, or the set-up of the second factor (STF-02).

A short-lived statement in the browser says that the password was right. It opens nothing by itself.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.accounts.rows import Member, member_by_id
from members.deeds.rows import Doer
from members.sessions.browser import browser_of, put_login
from members.settings import Settings
from members.staff.code_form import CodeForm
from members.staff.factors import propose_factor
from members.staff.log_in_at_desk import SecondStep, open_desk
from members.staff.second_step import check_code, confirm_factor
from members.staff.set_up_page import set_up_page
from members.viewer import address_of
from shared.clock import now
from shared.errors import Refused
from shared.shop.statements import COOKIE, Issuer
from shared.web.device import device_of
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import CurrentViewer, safe_next, viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

CODE, SET_UP = "/members/staff/code", "/members/staff/set-up"
_VALID_FOR = timedelta(minutes=10)


def to_second_step(request: Request, parts: Parts, step: SecondStep, next_path: str) -> Response:
    """Redirect to the second step, with the statement that the password was right."""
    path = CODE if step.step == "code" else SET_UP
    response = parts.pages.redirect(request, f"{path}?next={quote(next_path, safe='/')}")
    claims = {"sub": str(step.member.member_id), "ended": _ended(step.member)}
    token = parts[Issuer].issue("desk_login", claims, valid_for=_VALID_FOR)
    seconds = int(_VALID_FOR.total_seconds())
    parts.cookies.write(response, COOKIE["desk_login"], token, max_age_seconds=seconds)
    return response


@router.get(CODE)
async def ask_for_code(request: Request, parts: CurrentParts) -> Response:
    """Show the form for the code."""
    if await _pending(request, parts) is None:
        return _from_the_start(request, parts)
    return _code_page(request, parts, Form(CodeForm))


@router.post(CODE)
async def enter_with_code(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Check the code and open the desk."""
    member = await _pending(request, parts)
    if member is None:
        return _from_the_start(request, parts)
    form, status = await read_form(request, CodeForm), 422
    if not form.errors:
        try:
            by = _doer(request, member)
            await check_code(parts.db, form.value.code, by=by, member_id=member.member_id)
            response = parts.pages.redirect(request, _next(request))
            return await _enter(request, parts, viewer, member, response)
        except Refused as refusal:
            status = refusal.status
            form.refuse(refusal)
    return _code_page(request, parts, form, status=status)


@router.get(SET_UP)
async def show_set_up(request: Request, parts: CurrentParts) -> Response:
    """Show the picture for the app, for an owner who must have a second factor."""
    member = await _pending(request, parts)
    if member is None:
        return _from_the_start(request, parts)
    return await _set_up(request, parts, member, Form(CodeForm), anew=True)


@router.post(SET_UP)
async def set_up(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Confirm the factor, open the desk, and show the recovery codes once."""
    member = await _pending(request, parts)
    if member is None:
        return _from_the_start(request, parts)
    form, status = await read_form(request, CodeForm), 422
    if not form.errors:
        try:
            by = _doer(request, member)
            codes = await confirm_factor(parts.db, form.value.code, by=by, member_id=member.member_id)
            response = parts.pages.render(
                request, "staff_codes.html", codes=codes, onward=_next(request), at_desk=False
            )
            return await _enter(request, parts, viewer, member, response)
        except Refused as refusal:
            status = refusal.status
            form.refuse(refusal)
    return await _set_up(request, parts, member, form, status=status)


def _ended(member: Member) -> str:
    return member.sessions_ended_at.isoformat() if member.sessions_ended_at else ""


async def _pending(request: Request, parts: Parts) -> Member | None:
    """Return the member of staff whose password this browser proved, unless all logins ended since."""
    claims = parts.claims(request, "desk_login")
    if claims is None:
        return None
    async with parts.db.transaction() as tx:
        member = await member_by_id(tx, UUID(str(claims["sub"])))
    if member is None or member.staff_role is None or claims.get("ended") != _ended(member):
        return None
    return member


def _doer(request: Request, member: Member) -> Doer:
    return Doer(member.member_id, member.name, address_of(request), device_of(request))


def _next(request: Request) -> str:
    return safe_next(request.query_params.get("next"), "/desk")


async def _enter(request: Request, parts: Parts, viewer: Any, member: Member, response: Response) -> Response:
    async with parts.db.transaction() as tx:
        entry = await open_desk(
            tx,
            parts[Settings],
            browser_of(request, parts, viewer),
            member,
            address=address_of(request),
            at=now(),
        )
    put_login(request, parts, response, entry)
    parts.cookies.clear(response, COOKIE["desk_login"], request=request)
    response.headers["Cache-Control"] = "no-store"
    return response


def _from_the_start(request: Request, parts: Parts) -> Response:
    path = f"/desk/login?next={quote(_next(request), safe='/')}"
    return parts.pages.redirect(request, path, toast="もう一度ログインしてください", kind="note")


def _code_page(request: Request, parts: Parts, form: Form[CodeForm], *, status: int = 200) -> Response:
    action = f"{CODE}?next={quote(_next(request), safe='/')}"
    return parts.pages.render(request, "staff_code.html", status=status, form=form, action=action)


async def _set_up(
    request: Request,
    parts: Parts,
    member: Member,
    form: Form[CodeForm],
    *,
    anew: bool = False,
    status: int = 200,
) -> Response:
    """Return the page. A new set-up has a new secret; a wrong code is typed again for the same one."""
    async with parts.db.transaction() as tx:
        factor = await propose_factor(tx, member.member_id, anew=anew, at=now())
    if factor.confirmed_at is not None:
        return _from_the_start(request, parts)
    action = f"{SET_UP}?next={quote(_next(request), safe='/')}"
    return set_up_page(
        request, parts, factor, form, action=action, email=member.email, at_desk=False, status=status
    )
