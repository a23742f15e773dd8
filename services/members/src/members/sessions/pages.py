"""ログイン: by address and password, or with the Amazon account (MEM-07)."""

from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.accounts.forms import Login
from members.accounts.hasher import PasswordHasher
from members.sessions.attempts import TooManyAttempts
from members.sessions.browser import browser_of, put_login
from members.sessions.log_in import log_in
from members.settings import Settings
from members.shop_rules.rows import rules_at
from shared.clock import now
from shared.errors import Refused
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import CurrentViewer, safe_next, viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

MY_PAGE = "/members/mypage"
TOO_MANY = 429


async def show_login_form(
    request: Request,
    parts: Parts,
    form: Form[Login],
    *,
    next_path: str,
    status: int = 200,
    notice: str = "",
    headers: dict[str, str] | None = None,
) -> Response:
    """Show the login page. ``notice`` above it says why it is shown."""
    async with parts.db.transaction() as tx:
        rules = await rules_at(tx, now())
    return parts.pages.render(
        request,
        "login.html",
        status=status,
        headers=headers,
        form=form,
        next_path=next_path,
        notice=notice,
        locked=status == TOO_MANY,
        amazon_path=f"/payments/amazon_pay/signin?next={quote(next_path, safe='')}"
        if rules.amazon_login
        else "",
    )


@router.get("/members/login")
async def show_login(request: Request, parts: CurrentParts) -> Response:
    """Show the login page."""
    next_path = safe_next(request.query_params.get("next"), MY_PAGE)
    return await show_login_form(request, parts, Form(Login), next_path=next_path)


@router.post("/members/login")
async def enter_shop(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Log in and redirect to the page that the member wanted."""
    next_path = safe_next(str((await request.form()).get("next", "")), MY_PAGE)
    form = await read_form(request, Login)
    status, headers = 422, {}
    if not form.errors:
        try:
            entry = await log_in(
                parts.db,
                parts[PasswordHasher],
                parts[Settings],
                browser_of(request, parts, viewer),
                email=form.value.email,
                password=form.value.password,
            )
            return put_login(request, parts, parts.pages.redirect(request, next_path), entry)
        except TooManyAttempts as refusal:
            status, headers = refusal.status, {"Retry-After": str(refusal.retry_after_seconds)}
            form.refuse(refusal)
        except Refused as refusal:
            form.refuse(refusal)
    return await show_login_form(request, parts, form, next_path=next_path, status=status, headers=headers)
