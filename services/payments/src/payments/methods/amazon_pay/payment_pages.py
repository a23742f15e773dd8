"""The pages of an order: the buyer leaves for Amazon to pay it, and returns."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from payments.methods import visit_pages
from payments.methods.amazon_pay.browser import WALLET, wallet_of
from payments.methods.method import Counter
from payments.methods.visit_pages import ARRIVED, TURNS_MAX, UNDER_WAY, Code
from payments.methods.visitor import is_buyers, may_see
from payments.payment.rules.payment import NOT_YET, Payment
from shared.web.parts import parts_of


@dataclass(frozen=True, slots=True)
class PaymentPages:
    """The two pages after 「注文を確定する」. They read and trigger look-ups."""

    counter: Counter
    prefix: str

    async def confirm(self, request: Request, order: Code, turn: int = 0) -> Response:
        """After 「注文を確定する」: wait until Amazon knows the amount, then send the buyer there."""
        session_id = (await wallet_of(request)).get("checkout_session_id")
        if not session_id:
            return _go(f"/orders/{order}")
        payment = await self.counter.find(order)
        if payment is not None and not _is_of(payment, session_id):
            if not _waits_for_a_session(payment) or not await is_buyers(request, order, payment):
                return _go(f"/orders/{order}")
            payment = await self.counter.remember(order, {"checkout_session_id": session_id})
            await self.counter.hasten(order)
        if payment is not None and payment.state not in NOT_YET:
            return _go(f"/orders/{order}")
        if payment is not None and payment.state == "waiting_for_buyer" and turn > 0:
            elsewhere = urlsplit(payment.redirect_url).path != f"{self.prefix}/confirm"
            if elsewhere:
                return _go(payment.redirect_url)
        return self._wait(request, "/confirm", order, turn)

    async def result(
        self,
        request: Request,
        order: Code,
        turn: int = 0,
        amazonCheckoutSessionId: str = "",  # noqa: N803
    ) -> Response:
        """Return from Amazon's second page: trigger a look-up, and wait for its result."""
        payment = await self.counter.find(order)
        if payment is None or not _is_of(payment, amazonCheckoutSessionId):
            is_allowed = await may_see(request, order, payment)
            return _go(f"/orders/{order}") if is_allowed else self._elsewhere(request)
        if payment.state in UNDER_WAY and turn < TURNS_MAX:
            if turn == 0:
                await self.counter.hasten(order)
            return self._wait(
                request, "/result", order, turn, amazonCheckoutSessionId=amazonCheckoutSessionId
            )
        if not await may_see(request, order, payment):
            return self._elsewhere(request, order if payment.state in ARRIVED else "")
        response = _go(f"/orders/{order}")
        parts_of(request).cookies.clear(response, WALLET, request=request)
        return response

    def _elsewhere(self, request: Request, paid_order: str = "") -> Response:
        return visit_pages.show_other_browser(self.counter.pages, request, paid_order)

    def _wait(self, request: Request, path: str, order: str, turn: int, **more: str) -> Response:
        return visit_pages.wait(self.counter.pages, request, f"{self.prefix}{path}", order, turn, **more)


def _session_of(payment: Payment) -> str | None:
    return payment.choice.get("checkout_session_id") or payment.refs.get("checkout_session_id")


def _waits_for_a_session(payment: Payment) -> bool:
    """Return whether the order came without a session, and only the buyer's page can bring it."""
    unpaid = payment.method == "amazon_pay" and payment.state in NOT_YET and not payment.order_cancelled
    return unpaid and _session_of(payment) is None


def _is_of(payment: Payment, session_id: str | None) -> bool:
    return payment.method == "amazon_pay" and bool(session_id) and _session_of(payment) == session_id


def _go(url: str) -> Response:
    return RedirectResponse(url, status_code=303)
