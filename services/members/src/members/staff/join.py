"""スタッフになる: the page of an invitation's link (STF-01). As for passwords, opening the link changes nothing."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.accounts.forms import ResetPassword
from members.accounts.hasher import PasswordHasher
from members.accounts.labels import role_label
from members.addresses.links import keep_link, link_in_browser, without_referrer
from members.addresses.prove_address import LinkEnded
from members.sessions.attempts import TooManyAttempts
from members.staff.invitations import Invitation, invitation_of
from members.staff.join_staff import join_staff
from members.viewer import address_of
from shared.clock import now
from shared.errors import Refused
from shared.shop.mail_links import PATH
from shared.shop.statements import COOKIE
from shared.web.device import device_of
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

JOIN = PATH["staff_invitation"]


@router.get(JOIN)
async def show_invitation(request: Request, parts: CurrentParts) -> Response:
    """Move the statement out of the URL, then show the form while the invitation is open."""
    if kept := keep_link(request, parts, "staff_invitation"):
        return kept
    invitation = await _invitation(request, parts)
    if invitation is None:
        return _ended(request, parts)
    return _page(request, parts, Form(ResetPassword), invitation)


@router.post(JOIN)
async def accept_invitation(request: Request, parts: CurrentParts) -> Response:
    """Set the password, give the role, and redirect to the login of the desk."""
    link, invitation = link_in_browser(request, parts, "staff_invitation"), await _invitation(request, parts)
    if link is None or invitation is None:
        return _ended(request, parts)
    form = await read_form(request, ResetPassword)
    status = 422
    if not form.errors:
        try:
            if form.value.new_password != form.value.repeated:
                raise Refused("password_differs", "2回の入力が一致していません", field="repeated")
            await join_staff(
                parts.db,
                parts[PasswordHasher],
                link,
                form.value.new_password,
                ip=address_of(request),
                device=device_of(request),
            )
        except LinkEnded:
            return _ended(request, parts)
        except TooManyAttempts as refusal:
            status = refusal.status
            form.refuse(refusal)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            toast = "パスワードを設定しました。受注デスクにログインしてください"
            response = parts.pages.redirect(request, "/desk/login", toast=toast)
            parts.cookies.clear(response, COOKIE["staff_invitation"], request=request)
            return without_referrer(response)
    return _page(request, parts, form, invitation, status=status)


async def _invitation(request: Request, parts: Parts) -> Invitation | None:
    link = link_in_browser(request, parts, "staff_invitation")
    if link is None:
        return None
    async with parts.db.transaction() as tx:
        return await invitation_of(tx, link, at=now())


def _page(
    request: Request, parts: Parts, form: Form[ResetPassword], invitation: Invitation, *, status: int = 200
) -> Response:
    return without_referrer(
        parts.pages.render(
            request,
            "staff_join.html",
            status=status,
            form=form,
            path=JOIN,
            invitation=invitation,
            role=role_label(invitation.role),
        )
    )


def _ended(request: Request, parts: Parts) -> Response:
    response = parts.pages.render(
        request,
        "link_ended.html",
        status=410,
        title="受注デスクへのご招待",
        again="/desk/login",
        again_label="受注デスクのログイン画面へ",
    )
    parts.cookies.clear(response, COOKIE["staff_invitation"], request=request)
    return without_referrer(response)
