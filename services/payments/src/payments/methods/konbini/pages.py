"""「お支払い方法について」: the number and the steps of the chosen chain (KON-13 to KON-15, KON-41)."""

import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi import Form as FormField
from starlette.responses import Response

from payments.methods.konbini.barcode import Bar, bars
from payments.methods.konbini.chains import CHAINS
from payments.methods.method import Counter
from payments.payment.rules.payment import Payment
from shared.clock import in_japan, now
from shared.errors import Refused
from shared.shop.money_back import MONEY_BACK, MoneyBack
from shared.web.session import viewer

if TYPE_CHECKING:
    from payments.methods.konbini.method import Konbini

TITLE = "お支払い方法について"


def router(method: "Konbini", counter: Counter) -> APIRouter:
    """Return the routes of the page."""
    routes = APIRouter(
        prefix=f"/payments/{method.path}", dependencies=[Depends(viewer)], include_in_schema=False
    )

    @routes.get("/{order_code}")
    async def show_number(request: Request, order_code: str, key: str = "") -> Response:
        """Show the number in the words of the chain that was chosen last."""
        if method.settings.maintenance and in_maintenance(now()):
            return counter.pages.render(
                request, "konbini_maintenance.html", status=503, headers={"Retry-After": "7200"}, title=TITLE
            )
        payment = await _payment(counter, method, order_code, key)
        if payment.number is None and payment.state in ("placed", "requested", "unknown"):
            return counter.pages.wait(
                request,
                title=TITLE,
                text="在庫を確保し、お支払い番号を発行しています。しばらくお待ちください。",
            )
        return counter.pages.render(request, "konbini_number.html", **_shown(method, payment, key))

    @routes.post("/{order_code}/chain")
    async def choose_chain(
        request: Request,
        order_code: str,
        key: Annotated[str, FormField()] = "",
        chain: Annotated[str, FormField()] = "",
    ) -> Response:
        """Show the number for another chain from now on. Its deadline stays (X-16)."""
        payment = await _payment(counter, method, order_code, key)
        if chain not in CHAINS:
            raise Refused("chain_unknown", "このコンビニではお支払いいただけません。", status=422)
        back, toast = f"/payments/{method.path}/{order_code}?{urlencode({'key': key})}", ""
        if payment.number is not None:
            try:
                await counter.choose_chain(order_code, chain, CHAINS[chain].label, method.number_to_show)
            except Refused as refusal:
                toast = refusal.message
        return counter.pages.redirect(request, back, toast=toast, kind="stop" if toast else "done")

    return routes


def in_maintenance(at: datetime) -> bool:
    """Return whether the page is closed: third Thursday of an odd month, 03:00 to 05:00 in Japan (KON-14)."""
    here = in_japan(at)
    third_thursday = here.weekday() == 3 and 15 <= here.day <= 21
    return here.month % 2 == 1 and third_thursday and 3 <= here.hour < 5


async def _payment(counter: Counter, method: "Konbini", order_code: str, key: str) -> Payment:
    payment = await counter.find(order_code)
    allowed = payment is not None and hmac.compare_digest(payment.page_key.encode(), key.encode())
    if payment is None or not allowed or payment.method != method.kind:
        raise Refused(
            "page_not_found",
            "ページが見つかりません。メールのリンクをもう一度ご確認ください。",
            status=404,
        )
    return payment


def _money_back(payment: Payment) -> MoneyBack:
    """Return the text about the buyer's refund, as on the page of the order."""
    if payment.state == "refunded" and not payment.contradicted:
        return "given_back"
    if payment.goes_on:
        return "nothing_came"
    if not payment.held_amount and not payment.contradicted:
        return "given_back" if payment.refunded_amount else "nothing_came"
    return "waiting" if payment.refunds_stopped else "on_its_way"


def _shown(method: "Konbini", payment: Payment, key: str) -> dict[str, Any]:
    number = method.number_to_show(payment)
    chain = CHAINS.get(number.chain) if number else None
    steps = []
    if number is not None and chain is not None:
        words = {
            "number": number.number,
            "confirmation": number.confirmation_number,
            "menu": method.settings.menu_line,
        }
        steps = [step.format(**words) for step in chain.steps]
    barcode: list[Bar] = bars(number.number) if number and chain and chain.steps else []
    late = number is not None and now() > number.due_at + timedelta(hours=method.settings.grace_hours)
    return {
        "title": TITLE,
        "order_code": payment.order_code,
        "amount": payment.amount,
        "state": "late" if late and payment.state == "waiting" else payment.state,
        "money_back": MONEY_BACK[_money_back(payment)],
        "number": number,
        "chain": chain,
        "chains": [{"name": one.name, "label": one.label} for one in CHAINS.values()],
        "choose_path": f"/payments/{method.path}/{payment.order_code}/chain",
        "key": key,
        "steps": steps,
        "barcode": barcode,
        "barcode_width": sum(bar.width + bar.gap for bar in barcode),
    }
