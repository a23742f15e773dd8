"""メールアドレスの確認 by the link of a mail, which can be sent again (MEM-38).

The person who signed up knows the password, and the person who got the mail has the mailbox. Only both together prove
the member. The button is therefore shown only to a browser where this member is logged in. Everybody else logs in
first, or sets a new password by the same link. The owner of the mailbox then has the account, and the old password is
void.
"""

from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.accounts.forms import ResetPassword
from members.accounts.rows import member_by_id
from members.addresses.links import keep_link, link_in_browser, without_referrer
from members.addresses.prove_address import LinkEnded, prove_by_link, prover_of
from members.addresses.request_verification import request_another_verification
from members.addresses.rows import is_request_valid
from members.sessions.browser import browser_of
from shared.clock import now
from shared.errors import Refused
from shared.shop.mail_links import PATH, MailLink
from shared.shop.statements import COOKIE
from shared.web.forms import Form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import NOBODY, CurrentViewer, Member, Viewer, viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

VERIFY = PATH["email_verification"]
MY_PAGE = "/members/mypage"


@router.get(VERIFY)
async def show_verify(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Show a button. Mail programs that open links by themselves therefore prove nothing."""
    if kept := keep_link(request, parts, "email_verification"):
        return kept
    link = link_in_browser(request, parts, "email_verification")
    if link is not None:
        async with parts.db.transaction() as tx:
            if await is_request_valid(tx, "email_verification", link, at=now()):
                return verification_page(request, parts, viewer, link, Form(ResetPassword))
    return verification_ended(request, parts)


@router.post(VERIFY)
async def verify(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Store that the address is proved, and activate the points that waited for the proof."""
    link = link_in_browser(request, parts, "email_verification")
    if link is None:
        return verification_ended(request, parts)
    try:
        async with parts.db.transaction() as tx:
            browser = browser_of(request, parts, viewer)
            by = await prover_of(tx, browser, at=now()) if _is_own(link, viewer) else None
            if by is None:
                if await is_request_valid(tx, "email_verification", link, at=now()):
                    return verification_page(request, parts, NOBODY, link, Form(ResetPassword), status=403)
                raise LinkEnded
            points = await prove_by_link(tx, link, by, at=now())
    except LinkEnded:
        return verification_ended(request, parts)
    toast = "メールアドレスを確認しました" + (f"。{points:,}ポイントが有効になりました" if points else "")
    response = parts.pages.redirect(request, MY_PAGE, toast=toast)
    parts.cookies.clear(response, COOKIE["email_verification"], request=request)
    return without_referrer(response)


@router.post(f"{VERIFY}/resend")
async def resend(request: Request, parts: CurrentParts, viewer: Member) -> Response:
    """Send another link, which replaces the earlier one."""
    async with parts.db.transaction() as tx:
        member = await member_by_id(tx, UUID(viewer.member_id))
        if member is None:
            raise Refused("member_unknown", "会員情報が見つかりません", status=404)
        if not await request_another_verification(tx, member, at=now()):
            return parts.pages.redirect(request, MY_PAGE, toast="メールアドレスは確認済みです")
    return parts.pages.redirect(
        request, MY_PAGE, toast="確認メールをお送りします。前のメールのリンクは使えなくなりました"
    )


def _is_own(link: MailLink, viewer: Viewer) -> bool:
    return viewer.member_id == str(link.member_id)


def verification_page(
    request: Request,
    parts: Parts,
    viewer: Viewer,
    link: MailLink,
    form: Form[ResetPassword],
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """Show the button if this member is logged in here. Show everybody else the form for a new password."""
    return without_referrer(
        parts.pages.render(
            request,
            "verify_email.html",
            status=status,
            headers=headers,
            email=link.email,
            own=_is_own(link, viewer),
            form=form,
        )
    )


def verification_ended(request: Request, parts: Parts) -> Response:
    """Show that the link is no longer valid."""
    response = parts.pages.render(
        request,
        "link_ended.html",
        status=410,
        title="メールアドレスの確認",
        again=MY_PAGE,
        again_label="マイページから送り直す",
    )
    parts.cookies.clear(response, COOKIE["email_verification"], request=request)
    return without_referrer(response)
