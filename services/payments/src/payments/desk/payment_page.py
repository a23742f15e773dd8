"""One payment at the desk: how it stands, all that happened, and a way out of whatever holds it up."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from payments.deposits.record_deposit import record_deposit
from payments.desk import payment_view
from payments.desk.forms import Accept, Deposit, Dispute, Outside, PartRefund, Press, TakeBack
from payments.desk.rows import amount_of_receipt, payment_story
from payments.methods.registry import Methods
from payments.notices.words import NOTICE_STATES
from payments.payment.act_on_payment import Deed, act_on_payment
from payments.payment.rows import find_order_payment, look_soon
from payments.payment.rules import asking, deeds
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.payment.words import ANSWERS, OPERATIONS, ROUTES, STATES
from payments.requests.words import REQUEST_STATES
from payments.shop.rows import read_shop_settings
from shared.clock import in_japan, now
from shared.database import Database, Tx
from shared.errors import Refused
from shared.events import PaymentLookUpRequested
from shared.ids import new_id
from shared.web.deeds import done_by
from shared.web.forms import Form, read_form
from shared.web.pages import Pages
from shared.web.session import Staff, Viewer, require_staff

PATH = "/desk/payments/{order_code}"
LABELS = {"operations": OPERATIONS, "answers": ANSWERS, "requests": REQUEST_STATES, "notices": NOTICE_STATES}
OnePress = Callable[[Payment, Terms, datetime, str], Settled]
PRESSES: dict[str, tuple[OnePress, str]] = {
    "refund": (lambda one, _, at, by: deeds.refund_again(one, at, by=by), "返金を依頼しました"),
    "refund-spare": (
        lambda one, terms, at, by: deeds.refund_spare(one, terms, at, by=by),
        "過入金の返金を依頼しました",
    ),
    "reauthorize": (
        lambda one, terms, at, by: asking.reauthorize(one, terms, at, by=by),
        "再与信を依頼しました",
    ),
    "void": (lambda one, _, at, by: deeds.void_hold(one, at, by=by), "与信の取消を依頼しました"),
    "seen": (lambda one, _, at, by: deeds.mark_seen(one, at, by=by), "確認済みにしました"),
}
"""The deeds of one press by their path, and what is said when they are done."""


def router(pages: Pages, db: Database, methods: Methods) -> APIRouter:
    """Return the routes of the page."""
    routes = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

    async def show(request: Request, order_code: str, *refused: Form[Any], status: int = 200) -> Response:
        async with db.transaction() as tx:
            payment = await _payment_of(tx, order_code)
            story = await payment_story(tx, payment.payment_id)
            settings = await read_shop_settings(tx)
        method = methods[payment.method]
        name = settings.name_of(payment.method, method.menu().name)
        shows_status = method.menu().provider_status_shown
        return pages.render(
            request,
            "desk_payment.html",
            status=status,
            payment=payment,
            order_code=payment.order_code,
            method=name,
            state=STATES[payment.state],
            calls=payment_view.calls(payment, method.terms),
            facts=payment_view.facts(payment, shows_status=shows_status),
            offers=payment_view.offers(payment, method.terms),
            deposit=_form(Deposit, refused, _expected(payment)),
            outside=_form(Outside, refused, _given_back(payment)),
            accept=_accept(payment, refused),
            refused=refused,
            by_hand=method.terms.deposit == "by_hand",
            contraries=payment_view.contraries(payment, method.terms, story),
            dispute=next((form for form in refused if form.model is Dispute), Form(Dispute, {})),
            goes_back=not payment.goes_on,
            outside_amount_max=deeds.outside_amount_max(payment),
            part_refund=_form(PartRefund, refused, {"version": payment.version}),
            part_refund_max=deeds.part_refund_max(payment, method.terms),
            routes=[(route, ROUTES[route]) for route in ("bank_transfer", "gift_card")],
            has_provider=payment.state != "unmanaged",
            labels=LABELS,
            **payment_view.records(story),
        )

    async def act(
        request: Request, order_code: str, form: Form[Any], deed: Deed, said: str, done: str = ""
    ) -> Response:
        """Do a deed and show the page again, with what is wrong if it was not done."""
        if not form.errors:
            try:
                async with db.transaction() as tx:
                    await act_on_payment(
                        tx,
                        methods,
                        order_code,
                        deed,
                        version=form.value.version,
                        done=lambda payment: done in (*payment.receipts, *payment.refunds),
                    )
                return pages.redirect(request, f"/desk/payments/{order_code}", toast=said)
            except Refused as refusal:
                if refusal.status == 404:
                    raise
                form.refuse(refusal)
                return await show(request, order_code, form, status=refusal.status)
        return await show(request, order_code, form, status=422)

    @routes.get(PATH)
    async def show_payment(request: Request, order_code: str) -> Response:
        """The payment of an order."""
        return await show(request, order_code)

    @routes.post(f"{PATH}/deposit")
    async def deposit(request: Request, order_code: str, staff: Staff) -> Response:
        """Record a deposit."""
        form = await read_form(request, Deposit)

        def deed(payment: Payment, terms: Terms, at: datetime) -> Settled:
            told = form.value.model_dump(exclude={"version"})
            return record_deposit(payment, terms, at, **told, by=_name(staff), beside_the_sale=True)

        said = "入金を記録しました"
        if not form.errors and form.value.send_mail:
            async with db.transaction() as tx:
                before = await _payment_of(tx, order_code)
            if before.goes_on and form.value.amount < before.missing_amount:
                said = "入金を記録しました。ご請求額に足りないため、メールは送信していません"
        return await act(request, order_code, form, deed, said, _typed(form, "receipt_id"))

    @routes.post(f"{PATH}/accept")
    async def accept(request: Request, order_code: str, staff: Staff) -> Response:
        """Take what is here for the whole."""
        form = await read_form(request, Accept)

        def deed(payment: Payment, terms: Terms, at: datetime) -> Settled:
            return deeds.accept_short(payment, terms, at, by=_name(staff), send_mail=form.value.send_mail)

        return await act(request, order_code, form, deed, "入金済みにしました")

    @routes.post(f"{PATH}/deposit/take-back")
    async def take_back_deposit(request: Request, order_code: str, staff: Staff) -> Response:
        """Take back a deposit that was recorded on the wrong order."""
        form = await read_form(request, TakeBack)
        async with db.transaction() as tx:
            payment = await _payment_of(tx, order_code)
            amount = await amount_of_receipt(tx, payment.payment_id, _typed(form, "ref"))

        def deed(payment: Payment, terms: Terms, at: datetime) -> Settled:
            ref, by = form.value.ref, _name(staff)
            return deeds.take_back_deposit(payment, terms, at, receipt_id=ref, amount=amount, by=by)

        return await act(request, order_code, form, deed, "入金の記録を取り消しました")

    @routes.post(f"{PATH}/outside/take-back")
    async def take_back_outside(request: Request, order_code: str, staff: Staff) -> Response:
        """Take back what was recorded as given back and was not."""
        form = await read_form(request, TakeBack)

        def deed(payment: Payment, _: Terms, at: datetime) -> Settled:
            return deeds.take_back_record(payment, at, ref=form.value.ref, by=_name(staff))

        return await act(request, order_code, form, deed, "返金の記録を取り消しました")

    @routes.post(f"{PATH}/outside")
    async def outside(request: Request, order_code: str, staff: Staff) -> Response:
        """Record what was given back by another way."""
        form = await read_form(request, Outside)

        def deed(payment: Payment, terms: Terms, at: datetime) -> Settled:
            told = form.value
            _check_within(deeds.outside_amount_max(payment), told.returned_amount, "returned_amount")
            return deeds.settle_outside(
                payment,
                at,
                ref=told.refund_id,
                amount=told.returned_amount,
                route=told.route,
                note=f"{ROUTES[told.route]} ¥{told.returned_amount:,} {told.note}",
                by=_name(staff),
            )

        return await act(request, order_code, form, deed, "返金を記録しました", _typed(form, "refund_id"))

    @routes.post(f"{PATH}/part-refund")
    async def refund_part(request: Request, order_code: str, staff: Staff) -> Response:
        """Have the provider give back some of the money of a paid order."""
        form = await read_form(request, PartRefund)

        def deed(payment: Payment, terms: Terms, at: datetime) -> Settled:
            told = form.value
            _check_within(deeds.part_refund_max(payment, terms), told.refund_amount, "refund_amount")
            return deeds.refund_part(
                payment, terms, at, amount=told.refund_amount, reason=told.refund_reason, by=_name(staff)
            )

        return await act(request, order_code, form, deed, "返金を依頼しました")

    @routes.post(f"{PATH}/dispute")
    async def dispute(request: Request, order_code: str, staff: Staff) -> Response:
        """Record how a chargeback ended."""
        form = await read_form(request, Dispute)

        def deed(payment: Payment, terms: Terms, at: datetime) -> Settled:
            told = form.value
            if told.state == "lost" and deeds.amount_is_open(payment, told.reference, told.disputed_amount):
                raise Refused(
                    "amount_missing",
                    "返金された金額を入力してください",
                    field="disputed_amount",
                    status=422,
                )
            return deeds.decide_dispute(
                payment,
                at,
                reference=told.reference,
                state=told.state,
                by=_name(staff),
                amount=told.disputed_amount,
            )

        return await act(request, order_code, form, deed, "結果を記録しました")

    @routes.post(f"{PATH}/look-up")
    async def look_up(request: Request, order_code: str, staff: Staff) -> Response:
        """Let the workers ask the provider now, also about what is over."""
        async with db.transaction() as tx:
            payment = await _payment_of(tx, order_code)
            if payment.state != "unmanaged":
                await look_soon(tx, [payment.payment_id], also_unwatched=True)
                tx.say(PaymentLookUpRequested(**done_by(request, staff), subject=order_code))
        return pages.redirect(request, f"/desk/payments/{order_code}", toast="決済会社に照会します")

    @routes.post(f"{PATH}/{{press}}")
    async def press(request: Request, order_code: str, press: str, staff: Staff) -> Response:
        """Do a deed that needs nothing but a press."""
        if press not in PRESSES:
            raise Refused("deed_unknown", "この操作はできません。", status=404)
        do, said = PRESSES[press]
        form, by = await read_form(request, Press), _name(staff)
        return await act(
            request, order_code, form, lambda payment, terms, at: do(payment, terms, at, by), said
        )

    return routes


async def _payment_of(tx: Tx, order_code: str) -> Payment:
    payment = await find_order_payment(tx, order_code)
    if payment is None:
        raise Refused("payment_not_found", "この注文の決済はありません。", status=404)
    return payment


def _check_within(most: int, amount: int, field: str) -> None:
    if amount > most:
        text = f"返金できるのは¥{most:,}までです。" if most else "いま返金できる金額はありません。"
        raise Refused("more_than_held", text, field=field, status=422)


def _name(staff: Viewer) -> str:
    return staff.name or staff.member_id or ""


def _typed(form: Form[Any], name: str) -> str:
    return "" if form.errors else str(getattr(form.value, name))


def _form(model: type[BaseModel], refused: tuple[Form[Any], ...], values: dict[str, Any]) -> Form[Any]:
    """Return the form as it was refused, for the payment as it stands now, or a fresh one."""
    for form in refused:
        if form.model is model:
            form.values["version"] = values["version"]
            return form
    return Form(model, values)


def _expected(payment: Payment) -> dict[str, Any]:
    return {
        "version": payment.version,
        "amount": "" if payment.keeps_its_sale or not payment.goes_on else payment.missing_amount,
        "deposited_on": in_japan(now()).date().isoformat(),
        "receipt_id": f"desk:{new_id().hex}",
        "send_mail": "true",
    }


def _accept(payment: Payment, refused: tuple[Form[Any], ...]) -> Form[Any] | None:
    """Return the form to take what is here for the whole; None where that is not possible."""
    if not deeds.may_accept_short(payment):
        return None
    return _form(Accept, refused, {"version": payment.version, "send_mail": "true"})


def _given_back(payment: Payment) -> dict[str, Any]:
    return {
        "version": payment.version,
        "returned_amount": payment.held_amount if not payment.keeps_its_sale else payment.spare_amount or "",
        "refund_id": f"desk:{new_id().hex}",
    }
