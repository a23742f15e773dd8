"""The pages where the buyer chooses or signs in at Amazon, before there is an order."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import structlog
from fastapi import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from payments.methods.amazon_pay import wallet
from payments.methods.amazon_pay.begun import Begun, Kind, begun, end_begun, keep_begun
from payments.methods.amazon_pay.browser import WALLET, wallet_of
from payments.methods.amazon_pay.buttons import Buttons
from payments.methods.amazon_pay.client import AmazonPayClient, NoAnswer, SaysNo
from payments.methods.amazon_pay.question_limit import QuestionLimit
from payments.methods.amazon_pay.sessions import Session
from payments.methods.amazon_pay.settings import AmazonPaySettings
from payments.methods.method import Counter
from shared.clock import now
from shared.web.client_address import counted_as
from shared.web.cookies import PIECE_BYTES_MAX, PIECES_MAX
from shared.web.edge import ContentSecurity
from shared.web.parts import parts_of
from shared.web.session import SESSION_COOKIE, safe_next, viewer_of
from shared.web.wallet_claims import MEMBER, holds_ended_session

log = structlog.get_logger()

WALLET_HOLDS = timedelta(hours=2)
STATEMENT_LENGTH_MAX = PIECE_BYTES_MAX * PIECES_MAX
ORDER_PAGE = "/order/amazon"
ARRIVAL_PAGE = "/members/amazon/arrive"
AMAZON_ORIGINS = ("https://*.payments-amazon.com", "https://*.amazon.co.jp", "https://m.media-amazon.com")
AMAZON_SCRIPT_MAY = ContentSecurity(
    script=AMAZON_ORIGINS, image=AMAZON_ORIGINS, connect=AMAZON_ORIGINS, frame=AMAZON_ORIGINS
)
OTHER_BROWSER = (
    "お手続きをはじめたときとは別のブラウザーで開かれたため、続けられませんでした。"
    "はじめたブラウザーに戻ってお手続きください。"
)
OTHER_VIEWER = (
    "お手続きをはじめたあとにログインの状態が変わったため、続けられませんでした。"
    "お手数ですが、もう一度はじめからお手続きください。"
)
ASKED_OFTEN = "お手続きが続いたため、しばらくの間受け付けられません。10分ほど待ってからお試しください。"
SCRIPT = Path(__file__).parent / "static" / "button.js"


@dataclass(frozen=True, slots=True)
class WalletPages:
    """The pages before the order: each leaves for Amazon, or returns with the buyer's choice as the wallet statement."""

    settings: AmazonPaySettings
    client: AmazonPayClient
    counter: Counter
    prefix: str
    questions: QuestionLimit = field(default_factory=QuestionLimit)

    async def start(self, request: Request) -> Response:
        """Leave from the cart's 「amazon pay」 for Amazon. The state binds the return to this browser and viewer."""
        known = await begun(request, "checkout")
        # Two tabs may leave at once. A visit that has returned is bound to its session, and another one begins.
        reusable = known is not None and known.is_viewers and not known.note
        state = known.state if known is not None and reusable else secrets.token_urlsafe(24)
        review_url = self._own("/review", state=state)
        config = Buttons(self.settings).checkout(review_url=review_url, cancel_url=self._origin("/cart"))
        return await keep_begun(request, self._to_amazon(request, config), "checkout", state=state)

    async def change(self, request: Request) -> Response:
        """「変更」 on the order page: choose again in the same session (AP-29)."""
        wallet_claims = await wallet_of(request)
        session_id, state = wallet_claims.get("checkout_session_id"), wallet_claims.get("state")
        if not session_id or not state:
            return _go(f"{self.prefix}/start")
        if self.settings.simulated:
            response = _go(Buttons(self.settings).simulator_change_address(session_id))
        else:
            response = self._button(request, {"amazonCheckoutSessionId": session_id}, kind="change")
        return await keep_begun(request, response, "checkout", state=state, note=session_id)

    async def review(self, request: Request, amazonCheckoutSessionId: str = "") -> Response:  # noqa: N803
        """Return from Amazon's first page: the buyer's choice becomes the wallet statement."""
        known = await begun(request, "checkout")
        if known is None or (known.note and known.note != amazonCheckoutSessionId):
            log.info("amazon_pay.review_without_state")
            return self._refuse(request, 400, text=OTHER_BROWSER)
        if not known.is_viewers:
            return self._refuse_other_viewer(request, "checkout")
        if not self._may_ask(request):
            return self._refuse(request, 429, text=ASKED_OFTEN)
        try:
            session = await self.client.session(amazonCheckoutSessionId)
        except NoAnswer as gap:
            return self._silent(request, gap)
        except SaysNo as no:
            log.info("amazon_pay.review_refused", code=no.code)
            return self._refuse(request, 400)
        return await self._reviewed(request, session, known)

    async def _reviewed(self, request: Request, session: Session, known: Begun) -> Response:
        if _state_of(session) != known.state:
            log.warning("amazon_pay.foreign_session")
            return self._refuse(request, 400, text=OTHER_BROWSER)
        if session.state != "Open":
            return self._refuse(request, 409)
        claims = wallet.of_session(session)
        if "error" in claims:
            log.info("amazon_pay.other_marketplace")
        # A guest's wallet stays one when the guest, now logged in, chooses again in its session.
        guests = bool(known.note) and MEMBER not in await wallet_of(request)
        claims = {**claims, "state": known.state}
        response = await self._with_wallet(request, claims, ORDER_PAGE, guests=guests)
        return await keep_begun(
            request, response, "checkout", state=known.state, note=session.checkout_session_id
        )

    async def sign_in(self, request: Request) -> Response:
        """「Amazonアカウントでログインする」 (MEM-07). `next` must stay on this origin."""
        state = secrets.token_urlsafe(24)
        after = safe_next(request.query_params.get("next"), "/members/mypage")
        return_url = self._own("/signed-in", state=state)
        cancel_url = self._origin(f"/members/login?{urlencode({'next': after})}")
        config = Buttons(self.settings).sign_in(return_url=return_url, cancel_url=cancel_url)
        response = self._to_amazon(request, config)
        return await keep_begun(request, response, "sign_in", state=state, note=quote(after))

    async def signed_in(self, request: Request, state: str = "", buyerToken: str = "") -> Response:  # noqa: N803
        """Return from a sign-in. The state is valid once, in the browser that began, and for the viewer who began."""
        known = await begun(request, "sign_in")
        if known is None or not secrets.compare_digest(known.state.encode(), state.encode()):
            log.warning("amazon_pay.foreign_sign_in")
            return self._refuse(request, 400, login="/members/login")
        after = known.note
        login = f"/members/login?next={after}"
        if not known.is_viewers:
            return self._refuse_other_viewer(request, "sign_in", login=login)
        if not self._may_ask(request):
            return self._refuse(request, 429, text=ASKED_OFTEN, login=login)
        try:
            buyer = await self.client.buyer(buyerToken)
        except NoAnswer as gap:
            return self._silent(request, gap, login=login)
        except SaysNo as no:
            log.info("amazon_pay.sign_in_refused", code=no.code)
            text = wallet.OTHER_MARKETPLACE if no.code == "InvalidAccountStatus" else ""
            response = self._refuse(request, 403 if text else 400, text=text, login=login)
        else:
            response = await self._with_wallet(
                request, wallet.of_buyer(buyer), f"{ARRIVAL_PAGE}?next={after}"
            )
        return end_begun(request, response, "sign_in")

    async def script(self) -> Response:
        """Return the script that gives Amazon's script its configuration."""
        return FileResponse(SCRIPT, media_type="text/javascript")

    def _to_amazon(self, request: Request, config: dict[str, object]) -> Response:
        if self.settings.simulated:
            return _go(Buttons(self.settings).simulator_address(config))
        return self._button(request, config, kind="button")

    def _button(self, request: Request, config: Mapping[str, object], *, kind: str) -> Response:
        """Return a page with Amazon's own button. Only on this page its script may load what it needs."""
        return self.counter.pages.render(
            request,
            "amazon_pay_button.html",
            config=config,
            kind=kind,
            script_url=self.settings.script_url,
            own_script_url=f"{self.prefix}/button.js",
            headers={"Content-Security-Policy": AMAZON_SCRIPT_MAY.header()},
        )

    async def _with_wallet(
        self, request: Request, claims: Mapping[str, Any], path: str, *, guests: bool = False
    ) -> Response:
        """Go on with the wallet in the browser: with that of the member who is logged in, or of a guest."""
        response, cookies, member = _go(path), parts_of(request).cookies, (await viewer_of(request)).member_id
        if await holds_ended_session(request):
            # This wallet came after that login, and begins anew.
            cookies.clear(response, SESSION_COOKIE, request=request)
        statement = self._statement({**claims, MEMBER: member} if member and not guests else claims)
        cookies.write(response, WALLET, statement, max_age_seconds=int(WALLET_HOLDS.total_seconds()))
        return response

    def _statement(self, claims: Mapping[str, Any]) -> str:
        """Return the signed wallet. If the address book is too long for cookies, the last addresses are left out."""
        issuer = self.counter.shop.issuer
        assert issuer is not None  # there is one wherever pages are served
        statement = issuer.issue("wallet", claims, valid_for=WALLET_HOLDS)
        less = wallet.smaller(claims) if len(statement) > STATEMENT_LENGTH_MAX else None
        return statement if less is None else self._statement(less)

    def _refuse(self, request: Request, status: int, *, text: str = "", login: str = "") -> Response:
        """Return the page of a refusal, with the way back: to the cart, or to `login` if the buyer came from there."""
        return self.counter.pages.render(
            request, "amazon_pay_refused.html", status=status, text=text, login=login
        )

    def _may_ask(self, request: Request) -> bool:
        """Count a question to Amazon from this client, and return whether it may be asked."""
        return self.questions.allows(counted_as(request), at=now())

    def _refuse_other_viewer(self, request: Request, kind: Kind, *, login: str = "") -> Response:
        """Refuse a visit to Amazon that another viewer began in this browser, and end it."""
        log.warning("amazon_pay.other_viewer", kind=kind)
        return end_begun(request, self._refuse(request, 400, text=OTHER_VIEWER, login=login), kind)

    def _silent(self, request: Request, gap: NoAnswer, *, login: str = "") -> Response:
        log.warning("amazon_pay.no_answer", reason=gap.reason)
        text = "ただいまAmazon Payから応答がありません。少し待ってから、この画面を読み込み直してください。"
        return self._refuse(request, 503, text=text, login=login)

    def _own(self, path: str, **query: str) -> str:
        return self._origin(f"{self.prefix}{path}?{urlencode(query)}")

    def _origin(self, path: str) -> str:
        return self.counter.shop.origin_url.rstrip("/") + path


def _state_of(session: Session) -> str | None:
    """Return the state with which the session began. It must be that of the browser that returns."""
    details = session.web_checkout_details
    query = urlsplit((details.checkout_review_return_url if details else None) or "").query
    return next(iter(parse_qs(query).get("state", [])), None)


def _go(url: str) -> Response:
    return RedirectResponse(url, status_code=303)
