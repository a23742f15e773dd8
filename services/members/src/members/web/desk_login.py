"""The staff's login: the only place where a session gets the rights of a role."""

from typing import Literal

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.add_staff import DEMO_EMAIL
from members.settings import Settings
from members.sign_in import WrongCredentials, check_password
from members.storage.attempts import TooManyAttempts
from members.storage.members import member_by_email
from members.storage.pacing import REFUSALS_NOTED, keep_pace
from members.storage.staff_deeds import Doer, note_deed
from members.web.form_models import Login
from members.web.parts import Here, Parts, address_of
from shared.clock import now
from shared.database import Tx
from shared.errors import Refused
from shared.web.client_address import counted_as
from shared.web.forms import Form, read_form
from shared.web.session import CurrentViewer, safe_next, viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)


@router.get("/desk/login")
async def show_desk_login(request: Request, parts: Here) -> Response:
    """Show the form."""
    next_path = safe_next(request.query_params.get("next"), "/desk")
    return _page(request, parts, Form(Login), next_path=next_path)


@router.post("/desk/login")
async def log_in_at_desk(request: Request, parts: Here, seen: CurrentViewer) -> Response:
    """Log in with the rights of one's role; who has none is told no more than a wrong password would be."""
    next_path = safe_next(str((await request.form()).get("next", "")), "/desk")
    form = await read_form(request, Login)
    status, headers = 422, dict[str, str]()
    if not form.errors:
        try:
            member = await check_password(
                parts.db,
                parts.hasher,
                email=form.value.email,
                password=form.value.password,
                ip=counted_as(request),
                device=parts.device(request),
            )
            if member.staff_role is None:
                raise WrongCredentials
            async with parts.db.transaction() as tx:
                by = Doer(member.member_id, member.name, address_of(request))
                await note_deed(tx, by, "logged_in", at=now())
                entry = await parts.enter(
                    tx,
                    request,
                    member,
                    way="password",
                    seen=seen,
                    at_desk=True,
                    staff_role=member.staff_role,
                )
            return entry.put_into(parts.pages.redirect(request, next_path))
        except TooManyAttempts as refusal:
            await _note_failure(request, parts, form.value.email, "locked_out")
            status, headers = refusal.status, {"Retry-After": str(refusal.retry_after_seconds)}
            form.refuse(refusal)
        except Refused as refusal:
            await _note_failure(request, parts, form.value.email, "login_failed")
            form.refuse(refusal)
    return _page(request, parts, form, next_path=next_path, status=status, headers=headers)


async def _note_failure(
    request: Request, parts: Parts, email: str, deed: Literal["login_failed", "locked_out"]
) -> None:
    """Write down who was not let in, by the name of the account; what else was typed may be a password."""
    async with parts.db.transaction() as tx:
        if deed == "locked_out" and not await _first_refusal(tx, request):
            return
        member = await member_by_email(tx, email)
        known = member is not None and member.staff_role is not None
        subject = member.name if member is not None and known else ""
        await note_deed(tx, Doer(None, "", address_of(request)), deed, subject, at=now())


async def _first_refusal(tx: Tx, request: Request) -> bool:
    """Tell whether this client was not refused lately: one line says it, and nobody fills the list with more."""
    try:
        await keep_pace(tx, REFUSALS_NOTED, counted_as(request), at=now())
    except TooManyAttempts:
        return False
    return True


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
        demo_login=_demo_login(parts.settings),
    )


def _demo_login(settings: Settings) -> str:
    """How anybody gets in, where the demo's account exists with the password that everybody may know."""
    known = Settings.model_fields["staff_demo_password"].default
    if not settings.sandbox or settings.staff_demo_password != known:
        return ""
    return f"{DEMO_EMAIL} とパスワード {known.get_secret_value()} でログインできます。"
