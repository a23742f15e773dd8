"""The pages after Amazon's login: the Amazon account and the next step (MEM-02 to MEM-08, X-35)."""

from hashlib import sha256
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.accounts.forms import AmazonSignUp, ConfirmLink, Login
from members.accounts.hasher import PasswordHasher
from members.accounts.rows import member_by_id
from members.arrivals.arrive import AGAIN, Arrival, arrive, register_arrival
from members.passwords.set_password import check_present_password
from members.sessions.attempts import TooManyAttempts
from members.sessions.browser import browser_of, put_login
from members.sessions.enter import Browser
from members.sessions.pages import MY_PAGE, show_login_form
from members.settings import Settings
from members.shop_rules.labels import AMAZON_OFF
from members.wallets.statement import Wallet, wallet_of
from shared.clock import now
from shared.errors import Refused
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import CurrentViewer, Viewer, safe_next, viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

NOT_LINKED = "連携できませんでした。もう一度Amazonアカウントでログインしてください。"
PROVE_FIRST = "メールアドレスの確認がお済みでないため、Amazonアカウントとの連携は行っていません。"
NO_WALLET = "Amazonアカウントを確認できませんでした。もう一度お試しください。"


@router.get("/members/amazon/arrive")
async def show_arrival(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Decide the effect of the Amazon login. The statement in the cookie, signed by payments, proves it.

    A member who is logged in is only asked here.
    """
    next_path = safe_next(request.query_params.get("next"), MY_PAGE)
    return await _arrive(request, parts, viewer, next_path, Form(ConfirmLink))


@router.post("/members/amazon/arrive")
async def confirm_arrival(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Link the member who is logged in, or switch to the member of the Amazon account, as the page asked."""
    sent = await request.form()
    next_path = safe_next(str(sent.get("next", "")), MY_PAGE)
    form = await read_form(request, ConfirmLink)
    return await _arrive(request, parts, viewer, next_path, form, shown=str(sent.get("shown", "")))


async def _arrive(
    request: Request,
    parts: Parts,
    viewer: Viewer,
    next_path: str,
    form: Form[ConfirmLink],
    *,
    shown: str = "",
) -> Response:
    """Answer an arrival. ``shown`` is the mark of the wallet and the member that the page of the question showed."""
    wallet = await wallet_of(request, parts)
    if wallet is None:
        return await show_login_form(
            request, parts, Form(Login), next_path=next_path, status=400, notice=NO_WALLET
        )
    mark, browser = _mark(wallet, viewer), browser_of(request, parts, viewer)
    confirmed = shown == mark
    refused = await _refused_password(parts, browser, form) if confirmed else None
    async with parts.db.transaction() as tx:
        arrival = await arrive(
            tx,
            parts[Settings],
            browser,
            wallet,
            confirmed=confirmed,
            password_shown=confirmed and not refused and not form.errors and bool(form.value.password),
            at=now(),
        )
    step, entry = arrival.step, arrival.entry
    if entry is not None:
        toast = f"{wallet.label}アカウントと連携しました" if step == "link" else ""
        return put_login(request, parts, parts.pages.redirect(request, next_path, toast=toast), entry)
    if step in ("ask_link", "ask_switch"):
        if confirmed and arrival.asks_password and not form.errors:
            form.refuse(Refused("password_missing", "現在のパスワードを入力してください", field="password"))
        return _question_page(request, parts, viewer, wallet, form, arrival, next_path, refused=refused)
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


@router.post("/members/amazon/register")
async def register(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Register with Amazon's name and address and without a shop password (MEM-06)."""
    next_path = safe_next(str((await request.form()).get("next", "")), MY_PAGE)
    wallet = await wallet_of(request, parts)
    if wallet is None or not wallet.email:
        raise Refused("amazon_statement_missing", NO_WALLET, status=400)
    form = await read_form(request, AmazonSignUp)
    if not form.errors:
        try:
            async with parts.db.transaction() as tx:
                browser = browser_of(request, parts, viewer)
                entry = await register_arrival(tx, parts[Settings], browser, wallet, form.value, at=now())
            response = parts.pages.redirect(request, next_path, toast="会員登録が完了しました")
            return put_login(request, parts, response, entry)
        except Refused as refusal:
            form.refuse(refusal)
    return _register_page(request, parts, form, wallet, next_path, status=422)


async def _refused_password(parts: Parts, browser: Browser, form: Form[ConfirmLink]) -> Refused | None:
    """Check the typed password of the member who is logged in. Return why it is refused, also in the form, or None."""
    if form.errors or not form.value.password or browser.member_id is None:
        return None
    async with parts.db.transaction() as tx:
        member = await member_by_id(tx, browser.member_id)
    if member is None or member.password_hash is None:
        return None
    try:
        await check_present_password(parts.db, parts[PasswordHasher], browser, member, form.value.password)
    except Refused as refusal:
        form.refuse(refusal)
        return refusal
    return None


def _question_page(
    request: Request,
    parts: Parts,
    seen: Viewer,
    wallet: Wallet,
    form: Form[ConfirmLink],
    arrival: Arrival,
    next_path: str,
    *,
    refused: Refused | None,
) -> Response:
    """Ask the member who is logged in whether to link the account, or to switch to its member."""
    status, headers = (422 if form.errors else 200), dict[str, str]()
    if isinstance(refused, TooManyAttempts):
        status, headers = refused.status, {"Retry-After": str(refused.retry_after_seconds)}
    return parts.pages.render(
        request,
        "amazon_confirm.html",
        status=status,
        headers=headers,
        form=form,
        switches=arrival.step == "ask_switch",
        asks_password=arrival.step == "ask_link" and arrival.asks_password,
        label=wallet.label,
        account=_account(wallet),
        member=seen.name,
        shown=_mark(wallet, seen),
        next_path=next_path,
    )


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


def _mark(wallet: Wallet, viewer: Viewer) -> str:
    """Return what identifies the wallet and the login for which a question was asked."""
    return sha256(f"{wallet.statement_hash} {viewer.member_id} {viewer.session_id}".encode()).hexdigest()


def _account(wallet: Wallet) -> str:
    """Return the name and the masked address of the Amazon account.

    Its owner recognises them, and a stranger learns no address.
    """
    name, at_sign, host = wallet.email.partition("@")
    return " ".join(filter(None, [wallet.name, f"{name[:2]}***@{host}" if at_sign else ""]))


def _this_arrival(next_path: str) -> str:
    """Return the path of this arrival. A visit to it after a login to the shop asks about the link (MEM-04)."""
    return f"/members/amazon/arrive?next={quote(next_path, safe='')}"
