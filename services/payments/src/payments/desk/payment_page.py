"""One payment at the desk: how it stands, all that happened, and a way out of whatever holds it up."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from payments.calls.end_contradiction import deny_request, disown_object
from payments.calls.mark_payment_seen import mark_payment_seen
from payments.chargebacks.decide_chargeback import decide_chargeback
from payments.chargebacks.reopen_chargeback import reopen_chargeback
from payments.deposits import rules as deposit_rules
from payments.deposits.accept_short_money import accept_short_money
from payments.deposits.keep_money import keep_money
from payments.deposits.move_receipt import move_receipt
from payments.deposits.record_deposit import record_deposit
from payments.deposits.take_back_deposit import take_back_deposit
from payments.desk import payment_view
from payments.desk.do_payment_deed import UseCase, do_payment_deed
from payments.desk.forms import Accept, Deposit, Dispute, Keep, Outside, PartRefund, Press, Reopen, TakeBack
from payments.desk.payment_records import records
from payments.desk.rows import payment_story
from payments.holds.renew_hold import renew_hold
from payments.holds.void_hold import void_hold
from payments.methods.registry import Methods
from payments.notices.words import NOTICE_STATES
from payments.payment.act_on_payment import Acted
from payments.payment.rows import read_order_payment
from payments.payment.rules.details import KnownChargeback
from payments.payment.rules.payment import Payment
from payments.payment.words import OPERATIONS, ROUTES, STATES
from payments.refunds import rules as refund_rules
from payments.refunds.record_refund import record_refund, take_back_refund
from payments.refunds.refund_payment import refund_again, refund_part, refund_spare_money
from payments.requests.words import REQUEST_STATES
from payments.shop.rows import read_payment_settings
from payments.watching.look_up_payment import look_up_payment
from shared.clock import in_japan, now
from shared.errors import Refused
from shared.ids import new_id
from shared.web.deeds import done_by, name_of
from shared.web.forms import Form, read_form
from shared.web.parts import Here, Parts
from shared.web.session import Staff, Viewer, require_staff

PATH = "/desk/payments/{order_code}"
LABELS = {"operations": OPERATIONS, "requests": REQUEST_STATES, "notices": NOTICE_STATES}
DEEDS: Mapping[str, tuple[type[BaseModel], UseCase, str]] = {
    "accept": (Accept, accept_short_money, "入金済みにしました"),
    "keep": (Keep, keep_money, "入金済みにしました"),
    "chargeback/reopen": (Reopen, reopen_chargeback, "結果の記録を取り消しました"),
    "deposit/take-back": (TakeBack, take_back_deposit, "入金の記録を取り消しました"),
    "outside": (Outside, record_refund, "返金を記録しました"),
    "outside/take-back": (TakeBack, take_back_refund, "返金の記録を取り消しました"),
    "part-refund": (PartRefund, refund_part, "返金を依頼しました"),
    "chargeback": (Dispute, decide_chargeback, "結果を記録しました"),
    "refund": (Press, refund_again, "返金を依頼しました"),
    "refund-spare": (Press, refund_spare_money, "過入金の返金を依頼しました"),
    "reauthorize": (Press, renew_hold, "再与信を依頼しました"),
    "void": (Press, void_hold, "与信の取消を依頼しました"),
    "seen": (Press, mark_payment_seen, "確認済みにしました"),
    "deny": (Press, deny_request, "依頼は成立していないと記録しました"),
    "disown": (TakeBack, disown_object, "この注文のものではないと記録しました"),
    "move": (TakeBack, move_receipt, "入金をこの注文に移しました"),
}
"""The deeds by their path: what the form asks, what is done, and what is said then."""
DEPOSITED = "入金を記録しました"
MAIL_WITHHELD = "入金を記録しました。ご請求額に足りないため、メールは送信していません"

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)


async def _show(
    request: Request, parts: Parts, order_code: str, *refused: Form[Any], status: int = 200
) -> Response:
    async with parts.db.transaction() as tx:
        payment = await read_order_payment(tx, order_code)
        story = await payment_story(tx, payment.payment_id)
        settings = await read_payment_settings(tx)
    method = parts[Methods][payment.method]
    name = settings.name_of(payment.method, method.menu().name)
    shows_status = method.menu().provider_status_shown
    return parts.pages.render(
        request,
        "desk_payment.html",
        status=status,
        payment=payment,
        order_code=payment.order_code,
        method=name,
        state=STATES.of(payment.state),
        calls=payment_view.calls(payment, method.terms),
        facts=payment_view.facts(payment, shows_status=shows_status),
        offers=payment_view.offers(payment, method.terms),
        deposit=_form(Deposit, refused, _expected(payment)),
        outside=_form(Outside, refused, _given_back(payment)),
        accept=_accept(payment, refused),
        keep=_keep(payment, refused),
        kept=deposit_rules.kept_amount(payment),
        refused=refused,
        by_hand=method.terms.deposit == "by_hand",
        of_others=payment_view.of_others(payment),
        contraries=payment_view.contraries(payment, method.terms, story),
        open_chargebacks=[(one, _of(Dispute, one, refused)) for one in payment.open_chargebacks],
        decided=[
            (one, payment_view.taken_back(payment, one), _of(Reopen, one, refused))
            for one in payment.chargebacks
            if one.state != "open"
        ],
        goes_back=not payment.goes_on,
        outside_amount_max=refund_rules.outside_amount_max(payment),
        part_refund=_form(PartRefund, refused, {"version": payment.version}),
        part_refund_max=refund_rules.part_refund_max(payment, method.terms),
        routes=[(route, ROUTES[route]) for route in ("bank_transfer", "gift_card")],
        has_provider=payment.state != "unmanaged",
        labels=LABELS,
        records=records(story),
    )


async def _act(
    request: Request,
    parts: Parts,
    order_code: str,
    form: Form[Any],
    do: UseCase,
    staff: Viewer,
    say: Callable[[Acted], str],
) -> Response:
    """Do a deed and show the page again, with what is wrong if it was not done."""
    if not form.errors:
        try:
            async with parts.db.transaction() as tx:
                words = await do_payment_deed(
                    tx,
                    parts[Methods],
                    order_code,
                    do,
                    form.value,
                    by=name_of(staff),
                    deed=done_by(request, staff),
                    said=say,
                )
            return parts.pages.redirect(request, f"/desk/payments/{order_code}", toast=words)
        except Refused as refusal:
            if refusal.status == 404:
                raise
            form.refuse(refusal)
            return await _show(request, parts, order_code, form, status=refusal.status)
    return await _show(request, parts, order_code, form, status=422)


@router.get(PATH)
async def show_payment(request: Request, parts: Here, order_code: str) -> Response:
    """The payment of an order."""
    return await _show(request, parts, order_code)


@router.post(f"{PATH}/deposit")
async def deposit(request: Request, parts: Here, order_code: str, staff: Staff) -> Response:
    """Record a deposit, and tell where the mail that was asked for is not sent."""
    form = await read_form(request, Deposit)

    def say(acted: Acted) -> str:
        is_short = acted.payment.goes_on and acted.payment.missing_amount > 0
        return MAIL_WITHHELD if is_short and form.value.send_mail else DEPOSITED

    return await _act(request, parts, order_code, form, record_deposit, staff, say)


@router.post(f"{PATH}/look-up")
async def look_up(request: Request, parts: Here, order_code: str, staff: Staff) -> Response:
    """Let the workers ask the provider now, also about what is over."""
    async with parts.db.transaction() as tx:
        await look_up_payment(tx, order_code, done_by(request, staff))
    return parts.pages.redirect(request, f"/desk/payments/{order_code}", toast="決済会社に照会します")


@router.post(f"{PATH}/{{deed:path}}")
async def do_deed(request: Request, parts: Here, order_code: str, deed: str, staff: Staff) -> Response:
    """Do one of the other deeds."""
    if deed not in DEEDS:
        raise Refused("deed_unknown", "この操作はできません。", status=404)
    model, do, said = DEEDS[deed]
    return await _act(request, parts, order_code, await read_form(request, model), do, staff, lambda _: said)


def _form(model: type[BaseModel], refused: tuple[Form[Any], ...], values: dict[str, Any]) -> Form[Any]:
    """Return the form as it was refused, for the payment as it stands now, or a fresh one."""
    for form in refused:
        if form.model is model:
            form.values["version"] = values["version"]
            return form
    return Form(model, values)


def _of(model: type[BaseModel], one: KnownChargeback, refused: tuple[Form[Any], ...]) -> Form[Any]:
    """Return the form about one chargeback as it was refused, or an empty one: staff type what was lost, or why they err."""
    for form in refused:
        if form.model is model and form.values.get("reference") == one.reference:
            return form
    return Form(model, {})


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
    if not deposit_rules.may_accept_short(payment):
        return None
    return _form(Accept, refused, {"version": payment.version, "send_mail": "true"})


def _keep(payment: Payment, refused: tuple[Form[Any], ...]) -> Form[Any] | None:
    """Return the form to let money that was to go back pay for the order; None where that is not possible."""
    if not deposit_rules.may_keep(payment):
        return None
    return _form(Keep, refused, {"version": payment.version, "send_mail": "true"})


def _given_back(payment: Payment) -> dict[str, Any]:
    return {
        "version": payment.version,
        "returned_amount": payment.held_amount if not payment.keeps_its_sale else payment.spare_amount or "",
        "refund_id": f"desk:{new_id().hex}",
    }
