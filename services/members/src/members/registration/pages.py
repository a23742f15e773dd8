"""会員登録: name, furigana, address, password, newsletter (MEM-36)."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.accounts.forms import SignUp
from members.accounts.hasher import PasswordHasher
from members.registration.sign_up import sign_up
from members.sessions.attempts import TooManyAttempts
from members.sessions.browser import browser_of, put_login
from members.sessions.pages import MY_PAGE
from members.settings import Settings
from members.shop_rules.rows import rules_at
from shared.clock import now
from shared.errors import Refused
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import CurrentViewer, safe_next, viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)


@router.get("/members/signup")
async def show_signup(request: Request, parts: CurrentParts) -> Response:
    """Show the form."""
    next_path = safe_next(request.query_params.get("next"), MY_PAGE)
    return await _page(request, parts, Form(SignUp), next_path)


@router.post("/members/signup")
async def register(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Register the member, log in and redirect."""
    next_path = safe_next(str((await request.form()).get("next", "")), MY_PAGE)
    form = await read_form(request, SignUp)
    status, headers = 422, {}
    if not form.errors:
        try:
            browser = browser_of(request, parts, viewer)
            entry = await sign_up(parts.db, parts[PasswordHasher], parts[Settings], form.value, browser)
            toast = "会員登録が完了しました。確認メールをお送りします"
            return put_login(request, parts, parts.pages.redirect(request, next_path, toast=toast), entry)
        except TooManyAttempts as refusal:
            status, headers = refusal.status, {"Retry-After": str(refusal.retry_after_seconds)}
            form.refuse(refusal)
        except Refused as refusal:
            form.refuse(refusal)
    return await _page(request, parts, form, next_path, status=status, headers=headers)


async def _page(
    request: Request,
    parts: Parts,
    form: Form[SignUp],
    next_path: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    async with parts.db.transaction() as tx:
        rules = await rules_at(tx, now())
    return parts.pages.render(
        request,
        "signup.html",
        status=status,
        headers=headers,
        form=form,
        next_path=next_path,
        registration_points=rules.registration_grant(),
    )
