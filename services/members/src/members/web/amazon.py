"""Coming back from Amazon's login: who that is here, and what happens next (MEM-02 to MEM-08, X-35)."""

from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.domain.arrival import next_step
from members.link_amazon import link_amazon
from members.prove_address import address_is_proved
from members.register_member import NewMember, register_member
from members.storage.members import email_key, hold_member, member_by_buyer, member_by_email, member_by_id
from members.storage.rules import rules_at
from members.storage.wallets import use_wallet
from members.web.form_models import AmazonSignUp, Login
from members.web.login import AMAZON_OFF, MY_PAGE, show_login_form
from members.web.parts import Entry, Here, Parts, Wallet, member_id_of, prover
from shared.clock import now
from shared.database import Tx
from shared.errors import Refused
from shared.ids import new_id
from shared.sql import Row
from shared.web.forms import Form, read_form
from shared.web.session import CurrentViewer, Viewer, safe_next, viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

AGAIN = "安全のため、もう一度Amazonアカウントでログインしてください。"
NOT_LINKED = "連携できませんでした。もう一度Amazonアカウントでログインしてください。"
PROVE_FIRST = "メールアドレスの確認がお済みでないため、Amazonアカウントとの連携は行っていません。"
NO_WALLET = "Amazonアカウントを確認できませんでした。もう一度お試しください。"


@router.get("/members/amazon/arrive")
async def arrive(request: Request, parts: Here, seen: CurrentViewer) -> Response:
    """Decide what the Amazon login means here. The statement in the cookie, signed by payments, is its proof."""
    next_path = safe_next(request.query_params.get("next"), MY_PAGE)
    wallet = parts.wallet(request)
    if wallet is None:
        return await show_login_form(
            request, parts, Form(Login), next_path=next_path, status=400, notice=NO_WALLET
        )
    async with parts.db.transaction() as tx:
        rules = await rules_at(tx, now())
        viewing = member_id_of(seen)
        viewers_row = await member_by_id(tx, viewing) if viewing else None
        buyers_row = await member_by_buyer(tx, wallet.buyer_id)
        same_address = await member_by_email(tx, wallet.email) if wallet.email else None
        step = next_step(
            login_allowed=rules.amazon_login,
            ordering=wallet.ordering,
            viewer_id=viewers_row.member_id if viewers_row else None,
            viewer_linked=viewers_row is not None and viewers_row.linked_at is not None,
            viewer_proved=viewers_row is not None and _proved(viewers_row, wallet),
            buyers_member_id=buyers_row.member_id if buyers_row else None,
            email_known=same_address is not None,
        )
        entry: Entry | None = None
        if step == "enter" and buyers_row is not None:
            if await _good_once(tx, wallet, buyers_row):
                entry = await parts.enter(tx, request, buyers_row, way="amazon", seen=seen)
        elif step == "link" and viewers_row is not None:
            entry = await _link(tx, request, parts, viewers_row, wallet, seen)
    if entry is not None:
        toast = f"{wallet.label}アカウントと連携しました" if step == "link" else ""
        return entry.put_into(parts.pages.redirect(request, next_path, toast=toast))
    if step == "link":
        return parts.pages.redirect(request, next_path, toast=NOT_LINKED)
    if step == "prove_first":
        return parts.pages.redirect(request, next_path, toast=PROVE_FIRST, kind="note")
    if step == "enter":
        return await show_login_form(
            request, parts, Form(Login), next_path=next_path, status=403, notice=AGAIN
        )
    if step == "refuse":
        return await show_login_form(
            request, parts, Form(Login), next_path=next_path, status=403, notice=AMAZON_OFF
        )
    if step == "ask_login":
        return parts.pages.render(
            request,
            "amazon_login.html",
            form=Form(Login, {"email": wallet.email}),
            label=wallet.label,
            next_path=next_path,
            back=_this_arrival(next_path),
        )
    if step == "register":
        return _register_page(request, parts, Form(AmazonSignUp, {"name": wallet.name}), wallet, next_path)
    return parts.pages.redirect(request, next_path)


async def _good_once(tx: Tx, wallet: Wallet, member: Row | None) -> bool:
    """Use the statement up for a login; False if it was used, or is older than a logout from everywhere (A2)."""
    ended_at = member.sessions_ended_at if member is not None else None
    if ended_at is not None and wallet.issued_at <= ended_at:
        return False
    return await use_wallet(tx, wallet.statement_hash, at=now())


def _proved(member: Row, wallet: Wallet) -> bool:
    """Tell whether the member's address is proved, or is the one that Amazon vouches for."""
    return member.email_verified_at is not None or email_key(wallet.email) == member.email_key


async def _link(
    tx: Tx, request: Request, parts: Parts, member: Row, wallet: Wallet, seen: Viewer
) -> Entry | None:
    """Link the member who is logged in (MEM-03, MEM-04); a changed right means a new session id.

    Where Amazon vouches for the member's address, that is its proof, too.
    """
    # Whoever proves the address at this moment ends the login that we came with.
    held = await hold_member(tx, member)
    by = await prover(tx, request, parts, seen, by_amazon=True)
    if not held or by is None or not await _good_once(tx, wallet, None):
        return None
    linked = await link_amazon(
        tx,
        member_id=member.member_id,
        buyer_id=wallet.buyer_id,
        path="order" if wallet.ordering else "login",
        at=now(),
    )
    if linked is None:
        return None
    tx.say(linked)
    if email_key(wallet.email) == member.email_key:
        tx.say(*await address_is_proved(tx, member.member_id, by, at=now()))
    renewed = await member_by_id(tx, member.member_id)
    if renewed is None:
        return None
    return await parts.enter(
        tx,
        request,
        renewed,
        way="password",
        seen=seen,
        at_desk=seen.is_staff,
        staff_role=seen.staff,
    )


@router.post("/members/amazon/register")
async def register(request: Request, parts: Here, seen: CurrentViewer) -> Response:
    """Register with Amazon's name and address and without a shop password (MEM-06)."""
    next_path = safe_next(str((await request.form()).get("next", "")), MY_PAGE)
    wallet = parts.wallet(request)
    if wallet is None or not wallet.email:
        raise Refused("amazon_statement_missing", NO_WALLET, status=400)
    form = await read_form(request, AmazonSignUp)
    if not form.errors:
        try:
            entry = await _register(request, parts, form.value, wallet, seen)
            return entry.put_into(parts.pages.redirect(request, next_path, toast="会員登録が完了しました"))
        except Refused as refusal:
            form.refuse(refusal)
    return _register_page(request, parts, form, wallet, next_path, status=422)


async def _register(
    request: Request, parts: Parts, asked: AmazonSignUp, wallet: Wallet, seen: Viewer
) -> Entry:
    new = NewMember(
        member_id=new_id(),
        name=asked.name,
        kana=asked.kana,
        email=wallet.email,
        newsletter=asked.newsletter,
        buyer_id=wallet.buyer_id,
        email_proved=True,
    )
    async with parts.db.transaction() as tx:
        at = now()
        rules = await rules_at(tx, at)
        if not rules.amazon_login:
            raise Refused("amazon_login_off", AMAZON_OFF, status=403)
        if not await _good_once(tx, wallet, None):
            raise Refused("amazon_login_used", AGAIN, status=403)
        tx.say(*await register_member(tx, new, rules=rules, via="amazon", at=at))
        member = await member_by_id(tx, new.member_id)
        if member is None:
            raise LookupError("the member just stored is gone")
        return await parts.enter(tx, request, member, way="amazon", seen=seen)


def _register_page(
    request: Request,
    parts: Parts,
    form: Form[AmazonSignUp],
    wallet: Wallet,
    next_path: str,
    *,
    status: int = 200,
) -> Response:
    return parts.pages.render(
        request,
        "amazon_register.html",
        status=status,
        form=form,
        email=wallet.email,
        label=wallet.label,
        next_path=next_path,
        back=_this_arrival(next_path),
    )


def _this_arrival(next_path: str) -> str:
    """Return the path of this arrival: coming here again after a shop login makes the link (MEM-04)."""
    return f"/members/amazon/arrive?next={quote(next_path, safe='')}"
