"""A new password by the link of a mail, for a forgotten password or for the proof of an address."""

from collections.abc import Callable

from fastapi import Request
from starlette.responses import Response

from members.accounts.forms import ResetPassword
from members.accounts.hasher import PasswordHasher
from members.accounts.rows import member_by_id
from members.addresses.links import link_in_browser, without_referrer
from members.addresses.prove_address import LinkEnded
from members.passwords.set_password import reset_password
from members.sessions.attempts import TooManyAttempts
from members.sessions.browser import browser_of, put_login
from members.sessions.enter import NewLogin, enter
from members.settings import Settings
from shared.clock import now
from shared.errors import Refused
from shared.shop.mail_links import LinkPurpose, MailLink
from shared.shop.statements import COOKIE
from shared.web.forms import Form, read_form
from shared.web.parts import Parts
from shared.web.session import Viewer

FormPage = Callable[[MailLink, Form[ResetPassword], int, dict[str, str]], Response]


async def save_by_link(
    request: Request,
    parts: Parts,
    viewer: Viewer,
    purpose: LinkPurpose,
    *,
    page: FormPage,
    ended: Callable[[], Response],
) -> Response:
    """Set the password, end all sessions, use up the link, and log in here.

    ``page`` shows the form again with its errors. ``ended`` shows that the link is no longer valid.
    """
    link = link_in_browser(request, parts, purpose)
    if link is None:
        return ended()
    form = await read_form(request, ResetPassword)
    status, headers = 422, dict[str, str]()
    if not form.errors:
        try:
            entry = await _save(request, parts, viewer, purpose, link, form.value)
        except LinkEnded:
            return ended()
        except TooManyAttempts as refusal:
            status, headers = refusal.status, {"Retry-After": str(refusal.retry_after_seconds)}
            form.refuse(refusal)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            toast = "パスワードを設定しました。ほかの端末からはログアウトしました"
            response = parts.pages.redirect(request, "/members/mypage", toast=toast)
            parts.cookies.clear(response, COOKIE[purpose], request=request)
            return put_login(request, parts, without_referrer(response), entry)
    return without_referrer(page(link, form, status, headers))


async def _save(
    request: Request, parts: Parts, viewer: Viewer, purpose: LinkPurpose, link: MailLink, asked: ResetPassword
) -> NewLogin:
    if asked.new_password != asked.repeated:
        raise Refused("password_differs", "2回の入力が一致していません", field="repeated")
    member = await reset_password(parts.db, parts[PasswordHasher], purpose, link, asked.new_password)
    async with parts.db.transaction() as tx:
        renewed = await member_by_id(tx, member.member_id) or member
        browser = browser_of(request, parts, viewer)
        return await enter(tx, parts[Settings], browser, renewed, way="password", at=now())
