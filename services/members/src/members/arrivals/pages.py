"""The pages after Amazon's login: who the buyer is, and the next step (MEM-02 to MEM-08, X-35)."""

from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.accounts.forms import AmazonSignUp, Login
from members.arrivals.arrive import AGAIN, arrive, register_arrival
from members.sessions.browser import browser_of, put_login
from members.sessions.pages import MY_PAGE, show_login_form
from members.settings import Settings
from members.shop_rules.labels import AMAZON_OFF
from members.wallets.statement import Wallet, wallet_of
from shared.clock import now
from shared.errors import Refused
from shared.web.forms import Form, read_form
from shared.web.parts import Here, Parts
from shared.web.session import CurrentViewer, safe_next, viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

NOT_LINKED = "連携できませんでした。もう一度Amazonアカウントでログインしてください。"
PROVE_FIRST = "メールアドレスの確認がお済みでないため、Amazonアカウントとの連携は行っていません。"
NO_WALLET = "Amazonアカウントを確認できませんでした。もう一度お試しください。"


@router.get("/members/amazon/arrive")
async def show_arrival(request: Request, parts: Here, seen: CurrentViewer) -> Response:
    """Decide the effect of the Amazon login. The statement in the cookie, signed by payments, proves it."""
    next_path = safe_next(request.query_params.get("next"), MY_PAGE)
    wallet = await wallet_of(request, parts)
    if wallet is None:
        return await show_login_form(
            request, parts, Form(Login), next_path=next_path, status=400, notice=NO_WALLET
        )
    async with parts.db.transaction() as tx:
        browser = browser_of(request, parts, seen)
        arrival = await arrive(tx, parts[Settings], browser, wallet, at=now())
    step, entry = arrival.step, arrival.entry
    if entry is not None:
        toast = f"{wallet.label}アカウントと連携しました" if step == "link" else ""
        return put_login(request, parts, parts.pages.redirect(request, next_path, toast=toast), entry)
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
async def register(request: Request, parts: Here, seen: CurrentViewer) -> Response:
    """Register with Amazon's name and address and without a shop password (MEM-06)."""
    next_path = safe_next(str((await request.form()).get("next", "")), MY_PAGE)
    wallet = await wallet_of(request, parts)
    if wallet is None or not wallet.email:
        raise Refused("amazon_statement_missing", NO_WALLET, status=400)
    form = await read_form(request, AmazonSignUp)
    if not form.errors:
        try:
            async with parts.db.transaction() as tx:
                browser = browser_of(request, parts, seen)
                entry = await register_arrival(tx, parts[Settings], browser, wallet, form.value, at=now())
            response = parts.pages.redirect(request, next_path, toast="会員登録が完了しました")
            return put_login(request, parts, response, entry)
        except Refused as refusal:
            form.refuse(refusal)
    return _register_page(request, parts, form, wallet, next_path, status=422)


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
    """Return the path of this arrival. A visit to it after a login to the shop makes the link (MEM-04)."""
    return f"/members/amazon/arrive?next={quote(next_path, safe='')}"
