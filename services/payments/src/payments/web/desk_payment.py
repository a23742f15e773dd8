"""One payment at the desk: how it stands, all that happened; deposits recorded by hand, refunds tried again."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from payments.domain import asking
from payments.domain.payment import Payment
from payments.labels import (
    ACCOUNTS,
    ANSWERS,
    ATTENTION,
    NOTICE_STATES,
    OPERATIONS,
    POLICIES,
    REASONS,
    REQUEST_STATES,
    STATES,
    cause,
    state_label,
)
from payments.methods import Methods
from payments.record_deposit import record_deposit
from payments.refund_again import refund_again
from payments.storage.desk import payment_story
from payments.storage.payments import find_order_payment, look_soon
from payments.storage.shop_settings import read_shop_settings
from shared.clock import in_japan, now
from shared.database import Database, Tx
from shared.errors import Refused
from shared.ids import new_id
from shared.web.fields import Yen
from shared.web.forms import Form, read_form
from shared.web.pages import Pages
from shared.web.session import require_staff


class Deposit(BaseModel):
    """What staff read on the statement. ``receipt_id`` comes with the form: sent twice, booked once."""

    amount: Annotated[Yen, Field(ge=1)] = Field(title="入金額")
    deposited_on: date = Field(title="入金日")
    receipt_id: str = Field(title="記録番号", max_length=64, pattern=r"^desk:[0-9a-f]{32}$")
    send_mail: bool = Field(False, title="入金確認メール(自動送信)を送信する")


def router(pages: Pages, db: Database, methods: Methods) -> APIRouter:
    """Return the routes of the page."""
    routes = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

    async def show(
        request: Request, order_code: str, form: Form[Deposit] | None = None, status: int = 200
    ) -> Response:
        async with db.transaction() as tx:
            payment = await _payment_of(tx, order_code)
            story = await payment_story(tx, payment.payment_id)
            settings = await read_shop_settings(tx)
        method = methods[payment.method]
        by_hand = method.terms.deposit == "by_hand" and payment.state != "captured"
        if form is None:
            form = Form(Deposit, _expected(payment))
        return pages.render(
            request,
            "desk_payment.html",
            status=status,
            order_code=payment.order_code,
            method=settings.name_of(payment.method, method.menu().name),
            state=STATES[payment.state],
            calls=[ATTENTION.get(word, word) for word in payment.calls],
            facts=_facts(payment, shows_status=method.menu().provider_status_shown),
            form=form,
            by_hand=by_hand,
            has_provider=payment.state != "unmanaged",
            may_refund_again=asking.may_refund_again(payment),
            held_amount=payment.held_amount,
            labels={
                "operations": OPERATIONS,
                "answers": ANSWERS,
                "requests": REQUEST_STATES,
                "notices": NOTICE_STATES,
            },
            **_plain(story),
        )

    @routes.get("/desk/payments/{order_code}")
    async def show_payment(request: Request, order_code: str) -> Response:
        """The payment of an order."""
        return await show(request, order_code)

    @routes.post("/desk/payments/{order_code}/deposit")
    async def deposit(request: Request, order_code: str) -> Response:
        """Record a deposit."""
        form = await read_form(request, Deposit)
        if not form.errors:
            try:
                async with db.transaction() as tx:
                    await record_deposit(tx, methods, order_code=order_code, **form.value.model_dump())
                return pages.redirect(request, f"/desk/payments/{order_code}", toast="入金を記録しました")
            except Refused as refusal:
                form.refuse(refusal)
        return await show(request, order_code, form, status=422)

    @routes.post("/desk/payments/{order_code}/look-up")
    async def look_up(request: Request, order_code: str) -> Response:
        """Let the workers ask the provider now, also about what is over."""
        async with db.transaction() as tx:
            payment = await _payment_of(tx, order_code)
            if payment.state != "unmanaged":
                await look_soon(tx, [payment.payment_id], also_unwatched=True)
        return pages.redirect(request, f"/desk/payments/{order_code}", toast="決済会社に問い合わせます")

    @routes.post("/desk/payments/{order_code}/refund")
    async def refund(request: Request, order_code: str) -> Response:
        """Let a refund that failed be tried once more."""
        async with db.transaction() as tx:
            await refund_again(tx, methods, order_code=order_code)
        return pages.redirect(request, f"/desk/payments/{order_code}", toast="返金をもう一度依頼しました")

    return routes


async def _payment_of(tx: Tx, order_code: str) -> Payment:
    payment = await find_order_payment(tx, order_code)
    if payment is None:
        raise Refused("payment_not_found", "この注文の決済はありません。", status=404)
    return payment


def _expected(payment: Payment) -> dict[str, Any]:
    return {
        "amount": payment.amount - payment.suspense_amount,
        "deposited_on": in_japan(now()).date().isoformat(),
        "receipt_id": f"desk:{new_id().hex}",
    }


def _facts(payment: Payment, *, shows_status: bool) -> list[tuple[str, str]]:
    facts = [("売上請求の方法", POLICIES[payment.capture_policy])] if payment.authorization_id else []
    if shows_status:
        facts.append(("連携ステータス", payment.provider_status or "—"))
    if payment.instrument:
        facts.append(("お支払い手段", payment.instrument))
    if payment.number is not None:
        facts += [
            (payment.number.label, payment.number.number),
            ("お支払い期限", f"{in_japan(payment.number.due_at):%Y/%m/%d %H:%M}"),
        ]
    if payment.payer_name:
        facts.append(("注文者", payment.payer_name))
    money = (
        ("入金額", payment.captured_amount),
        ("仮受金", payment.suspense_amount),
        ("返金額", payment.refunded_amount),
    )
    facts += [(label, f"¥{amount:,}") for label, amount in money if amount]
    return facts + [
        (f"照会番号（{name}）", value) for name, value in payment.refs.items() if name.endswith("_id")
    ]


def _plain(story: dict[str, Any]) -> dict[str, Any]:
    return {
        "amount_lines": [
            {
                "at": line.at,
                "reason": REASONS.get(line.reason, line.reason),
                "subject": line.subject,
                "account": ACCOUNTS.get(line.account, line.account),
                "debit": line.debit,
                "credit": line.credit,
            }
            for line in story["journal"]
        ],
        "timeline": [
            {
                "at": step.at,
                "title": state_label(step.state),
                "text": cause(step.because),
                "by": "決済サービス",
                "kind": STATES[step.state][1],
            }
            for step in story["history"]
        ],
        "requests": [
            {
                "operation": row.operation,
                "state": row.state,
                "at": row.written_at,
                "answered_at": row.answered_at,
                "attempts": row.attempts,
                "answer": (row.answer or {}).get("answer", ""),
                "reason": (row.answer or {}).get("reason", ""),
                "key": row.request_id.hex,
            }
            for row in story["requests"]
        ],
        "notices": [
            {"at": row.received_at, "summary": row.summary, "state": row.state, "id": row.notice_id}
            for row in story["notices"]
        ],
    }
