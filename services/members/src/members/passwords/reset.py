"""パスワードをお忘れの場合: a link by mail, then a new password (MEM-09, MEM-27).

The statement of the link is moved from the URL to a cookie at once. The cookie lasts as long as the link is valid.
Neither the browser history nor linked pages therefore contain it. Opening a link changes nothing, because mail programs
open links by themselves. Only the form uses it up.
"""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.accounts.forms import ForgottenPassword, ResetPassword
from members.addresses.links import keep_link, link_in_browser, without_referrer
from members.addresses.rows import is_request_valid
from members.passwords.by_link import save_by_link
from members.passwords.wish_for_reset import wish_for_reset
from members.sessions.attempts import TooManyAttempts
from shared.clock import now
from shared.shop.mail_links import PATH, MailLink
from shared.shop.statements import COOKIE
from shared.web.client_address import counted_as
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import CurrentViewer, viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

ASK = "/members/password/forgot"
RESET = PATH["password_reset"]


@router.get(ASK)
async def show_forgotten(request: Request, parts: CurrentParts) -> Response:
    """Show the form for the address."""
    return parts.pages.render(request, "password_forgot.html", form=Form(ForgottenPassword), sent=False)


@router.post(ASK)
async def mail_link(request: Request, parts: CurrentParts) -> Response:
    """Show the same response for every address. A member gets a mail."""
    form = await read_form(request, ForgottenPassword)
    status, headers = 422, dict[str, str]()
    if not form.errors:
        try:
            async with parts.db.transaction() as tx:
                await wish_for_reset(tx, form.value.email, ip=counted_as(request), at=now())
            return parts.pages.render(request, "password_forgot.html", form=form, sent=True)
        except TooManyAttempts as refusal:
            status, headers = refusal.status, {"Retry-After": str(refusal.retry_after_seconds)}
            form.refuse(refusal)
    return parts.pages.render(
        request, "password_forgot.html", status=status, headers=headers, form=form, sent=False
    )


@router.get(RESET)
async def show_reset(request: Request, parts: CurrentParts) -> Response:
    """Move the statement out of the URL, then show the form while the link is valid."""
    if kept := keep_link(request, parts, "password_reset"):
        return kept
    link = link_in_browser(request, parts, "password_reset")
    if link is not None:
        async with parts.db.transaction() as tx:
            if await is_request_valid(tx, "password_reset", link, at=now()):
                return _form_page(request, parts, Form(ResetPassword), email=link.email)
    return _ended(request, parts)


@router.post(RESET)
async def save_reset(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Set the password, end all sessions, use up the link, and log in here."""

    def page(link: MailLink, form: Form[ResetPassword], status: int, headers: dict[str, str]) -> Response:
        return _form_page(request, parts, form, email=link.email, status=status, headers=headers)

    return await save_by_link(
        request, parts, viewer, "password_reset", page=page, ended=lambda: _ended(request, parts)
    )


def _form_page(
    request: Request,
    parts: Parts,
    form: Form[ResetPassword],
    *,
    email: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    return without_referrer(
        parts.pages.render(
            request, "password_reset.html", status=status, headers=headers, form=form, email=email
        )
    )


def _ended(request: Request, parts: Parts) -> Response:
    response = parts.pages.render(
        request,
        "link_ended.html",
        status=410,
        title="パスワードの設定",
        again=ASK,
        again_label="もう一度メールを送る",
    )
    parts.cookies.clear(response, COOKIE["password_reset"], request=request)
    return without_referrer(response)
