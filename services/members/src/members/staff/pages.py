"""The login of staff. Only here a session gets the rights of a role."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.accounts.forms import Login
from members.accounts.hasher import PasswordHasher
from members.sessions.attempts import TooManyAttempts
from members.sessions.browser import browser_of, put_login
from members.settings import Settings
from members.staff.add_staff import DEMO_EMAIL
from members.staff.log_in_at_desk import SecondStep, log_in_at_desk
from members.staff.second_pages import to_second_step
from members.viewer import address_of
from shared.errors import Refused
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import CurrentViewer, safe_next, viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)


@router.get("/desk/login")
async def show_desk_login(request: Request, parts: CurrentParts) -> Response:
    """Show the form."""
    next_path = safe_next(request.query_params.get("next"), "/desk")
    return _page(request, parts, Form(Login), next_path=next_path)


@router.post("/desk/login")
async def enter_desk(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Log in with the rights of the member's role, perhaps after a second step.

    A member without a role gets the response for a wrong password.
    """
    next_path = safe_next(str((await request.form()).get("next", "")), "/desk")
    form = await read_form(request, Login)
    status, headers = 422, dict[str, str]()
    if not form.errors:
        try:
            entry = await log_in_at_desk(
                parts.db,
                parts[PasswordHasher],
                parts[Settings],
                browser_of(request, parts, viewer),
                email=form.value.email,
                password=form.value.password,
                address=address_of(request),
            )
            if isinstance(entry, SecondStep):
                return to_second_step(request, parts, entry, next_path)
            return put_login(request, parts, parts.pages.redirect(request, next_path), entry)
        except TooManyAttempts as refusal:
            status, headers = refusal.status, {"Retry-After": str(refusal.retry_after_seconds)}
            form.refuse(refusal)
        except Refused as refusal:
            form.refuse(refusal)
    return _page(request, parts, form, next_path=next_path, status=status, headers=headers)


def _page(
    request: Request,
    parts: Parts,
    form: Form[Login],
    *,
    next_path: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    return parts.pages.render(
        request,
        "desk_login.html",
        status=status,
        headers=headers,
        form=form,
        next_path=next_path,
        demo_login=_demo_login(parts[Settings]),
    )


def _demo_login(settings: Settings) -> str:
    """Return the demo's credentials if the demo's account exists with its public password."""
    known = Settings.model_fields["staff_demo_password"].default
    if not settings.sandbox or settings.staff_demo_password != known:
        return ""
    return f"{DEMO_EMAIL} とパスワード {known.get_secret_value()} でログインできます。"
