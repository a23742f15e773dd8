"""会員登録: name, furigana, address, password, newsletter (MEM-36)."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.domain.passwords import Person, weakness
from members.register_member import NewMember, register_member
from members.storage.attempts import TooManyAttempts, begin_attempt, forget_attempts
from members.storage.members import email_key, member_by_id
from members.storage.pacing import SIGN_UPS, keep_pace
from members.storage.rules import rules_at
from members.web.form_models import SignUp
from members.web.login import MY_PAGE
from members.web.parts import Entry, Here, Parts
from shared.clock import now
from shared.errors import Refused
from shared.ids import new_id
from shared.web.client_address import counted_as
from shared.web.forms import Form, read_form
from shared.web.session import CurrentViewer, Viewer, safe_next, viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)


@router.get("/members/signup")
async def show_signup(request: Request, parts: Here) -> Response:
    """Show the form."""
    next_path = safe_next(request.query_params.get("next"), MY_PAGE)
    return await _page(request, parts, Form(SignUp), next_path)


@router.post("/members/signup")
async def sign_up(request: Request, parts: Here, seen: CurrentViewer) -> Response:
    """Register, log in and go on."""
    next_path = safe_next(str((await request.form()).get("next", "")), MY_PAGE)
    form = await read_form(request, SignUp)
    status, headers = 422, {}
    if not form.errors:
        try:
            entry = await _register(request, parts, form.value, seen)
            toast = "会員登録が完了しました。確認メールをお送りします"
            return entry.put_into(parts.pages.redirect(request, next_path, toast=toast))
        except TooManyAttempts as refusal:
            status, headers = refusal.status, {"Retry-After": str(refusal.retry_after_seconds)}
            form.refuse(refusal)
        except Refused as refusal:
            form.refuse(refusal)
    return await _page(request, parts, form, next_path, status=status, headers=headers)


async def _register(request: Request, parts: Parts, asked: SignUp, seen: Viewer) -> Entry:
    """Store the member. Attempts are counted as those of the login are: the answer tells who is a member."""
    if reason := weakness(
        asked.password, Person(asked.email, (asked.name, asked.kana), shop=parts.settings.shop)
    ):
        raise Refused("password_weak", reason, field="password")
    async with parts.db.transaction() as tx:
        attempt_id = await begin_attempt(
            tx, key=f"signup:{email_key(asked.email)}", ip=counted_as(request), device="", at=now()
        )
        await keep_pace(tx, SIGN_UPS, counted_as(request), at=now())
    password_hash = await parts.hasher.hash(asked.password)
    new = NewMember(
        member_id=new_id(),
        name=asked.name,
        kana=asked.kana,
        email=asked.email,
        newsletter=asked.newsletter,
        password_hash=password_hash,
    )
    async with parts.db.transaction() as tx:
        at = now()
        tx.say(*await register_member(tx, new, rules=await rules_at(tx, at), via="form", at=at))
        await forget_attempts(tx, attempt_id)
        member = await member_by_id(tx, new.member_id)
        if member is None:
            raise LookupError("the member just stored is gone")
        return await parts.enter(tx, request, member, way="registration", seen=seen)


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
