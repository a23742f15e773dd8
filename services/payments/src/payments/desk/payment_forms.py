"""The forms on the page of a payment: fresh ones for its present state, and the one that was refused."""

from dataclasses import dataclass
from typing import Any, TypeVar

from payments.chargebacks.decide_chargeback import DecideChargeback
from payments.chargebacks.reopen_chargeback import ReopenChargeback
from payments.deposits import rules as deposit_rules
from payments.deposits.accept_short_money import AcceptShortMoney
from payments.deposits.keep_money import KeepMoney
from payments.deposits.record_deposit import RecordDeposit
from payments.desk.offers import effect_of_reopening
from payments.payment.forms import PaymentForm
from payments.payment.labels import ROUTES
from payments.payment.rules.details import KnownChargeback
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.refunds import rules as refund_rules
from payments.refunds.record_refund import RecordRefund
from payments.refunds.request_refund import RefundPart
from shared.clock import in_japan, now
from shared.ids import new_id
from shared.web.forms import Form

F = TypeVar("F", bound=PaymentForm)
Refused = Form[Any] | None
"""The form that was sent and refused, shown as it was typed."""


ABOUT_POINTS = "会員の購入ポイントは、一部の返金では取り消されません。代金の全額を返金すると取り消されます。"


@dataclass(frozen=True, slots=True)
class OpenChargeback:
    """A chargeback that staff may decide."""

    chargeback: KnownChargeback
    decide: Form[DecideChargeback]


@dataclass(frozen=True, slots=True)
class DecidedChargeback:
    """A chargeback that staff may reopen, with the effect in words."""

    chargeback: KnownChargeback
    effect: str
    reopen: Form[ReopenChargeback]


@dataclass(frozen=True, slots=True)
class PaymentForms:
    """The forms that the payment allows. A form that it does not allow is None or empty. Amounts are in yen.

    ``about_points`` says what a refund does to the points that the order earned, if it can have earned any.
    """

    deposit: Form[RecordDeposit] | None
    accept: Form[AcceptShortMoney] | None
    keep: Form[KeepMoney] | None
    kept_amount: int
    part_refund: Form[RefundPart] | None
    part_refund_max: int
    about_points: str
    outside: Form[RecordRefund] | None
    outside_amount_max: int
    routes: list[tuple[str, str]]
    open_chargebacks: list[OpenChargeback]
    decided_chargebacks: list[DecidedChargeback]


def payment_forms(payment: Payment, terms: Terms, refused: Refused = None) -> PaymentForms:
    """Return the forms that the payment allows. The form that was ``refused`` keeps the typed values."""
    part_max = refund_rules.part_refund_max(payment, terms)
    outside_max = refund_rules.outside_amount_max(payment)
    short, keeps = deposit_rules.may_accept_short(payment), deposit_rules.may_keep(payment)
    return PaymentForms(
        deposit=_fresh(RecordDeposit, payment, refused, _expected(payment))
        if terms.deposit == "by_hand"
        else None,
        accept=_fresh(AcceptShortMoney, payment, refused, {"send_mail": "true"}) if short else None,
        keep=_fresh(KeepMoney, payment, refused, {"send_mail": "true"}) if keeps else None,
        kept_amount=deposit_rules.kept_amount(payment),
        part_refund=_fresh(RefundPart, payment, refused, {}) if part_max else None,
        part_refund_max=part_max,
        about_points=_about_points(payment),
        outside=_fresh(RecordRefund, payment, refused, _given_back(payment)) if outside_max else None,
        outside_amount_max=outside_max,
        routes=[(route, ROUTES[route]) for route in ("bank_transfer", "gift_card")],
        open_chargebacks=[
            OpenChargeback(one, _about(DecideChargeback, one, refused)) for one in payment.open_chargebacks
        ],
        decided_chargebacks=[
            DecidedChargeback(one, effect_of_reopening(payment, one), _about(ReopenChargeback, one, refused))
            for one in payment.chargebacks
            if one.state != "open"
        ],
    )


def _fresh(model: type[F], payment: Payment, refused: Refused, values: dict[str, Any]) -> Form[F]:
    """Return the refused form for the payment in its present state, or a fresh one with ``values``."""
    if refused is not None and refused.model is model:
        refused.values["version"] = payment.version
        return refused
    return Form(model, {"version": payment.version} | values)


def _about(model: type[F], one: KnownChargeback, refused: Refused) -> Form[F]:
    """Return the refused form about one chargeback, or an empty one: staff type the loss or their reason."""
    if refused is not None and refused.model is model and refused.values.get("reference") == one.reference:
        return refused
    return Form(model, {})


def _expected(payment: Payment) -> dict[str, Any]:
    """Return the deposit that staff will see on the statement, if the order still waits for money."""
    return {
        "amount": "" if payment.keeps_its_sale or not payment.goes_on else payment.missing_amount,
        "deposited_on": in_japan(now()).date().isoformat(),
        "receipt_id": _new_record(),
        "send_mail": "true",
    }


def _given_back(payment: Payment) -> dict[str, Any]:
    """Return the refund that staff will record: all that is here, or what a paid order does not need."""
    return {
        "returned_amount": payment.held_amount if not payment.keeps_its_sale else payment.spare_amount or "",
        "refund_id": _new_record(),
    }


def _about_points(payment: Payment) -> str:
    """Return the consequence of a refund for earned points: members let them follow the money of an order that goes on."""
    earns = not payment.by_guest and not payment.order_cancelled and payment.sale_amount > 0
    return ABOUT_POINTS if earns else ""


def _new_record() -> str:
    return f"desk:{new_id().hex}"
