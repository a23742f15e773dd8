"""Staff record a deposit they saw on the bank's statement: of any amount, at any time (PAY-07, M6)."""

from datetime import UTC, date, datetime, time

from payments.domain import asking
from payments.domain.answers import Captured
from payments.domain.payment import CaptureWish, Payment
from payments.domain.settling import settle
from payments.methods import Methods
from payments.storage.payments import lock_order_payment, save_all
from shared.clock import JAPAN, now
from shared.database import Tx
from shared.errors import Refused

_REFUSALS = {
    "not_by_hand": "このお支払い方法の入金は手動で記録できません。",
    "automatic_only": "このお支払い方法の入金は自動で反映されます。手動では記録できません。",
    "not_managed": "代金引換の入金は管理していません。",
    "already_captured": "この注文はすでに入金済みです。",
}


async def record_deposit(
    tx: Tx,
    methods: Methods,
    *,
    order_code: str,
    amount: int,
    deposited_on: date,
    receipt_id: str,
    send_mail: bool,
) -> Payment:
    """Book ``amount`` yen once under ``receipt_id``; too little, too much or too late goes to suspense.

    Raises Refused where deposits are not recorded by hand, and for an order that is not known.
    """
    payment = await lock_order_payment(tx, order_code)
    if payment is None:
        raise Refused("payment_not_found", "この注文の決済はありません。", status=404)
    terms = methods[payment.method].terms
    refusal = asking.why_no_manual_deposit(payment, terms)
    if refusal is not None:
        raise Refused(refusal, _REFUSALS[refusal])
    answer = Captured(
        amount=amount,
        captured_at=datetime.combine(deposited_on, time(), JAPAN).astimezone(UTC),
        receipt_id=receipt_id,
    )
    wished = asking.expect_deposit(payment, CaptureWish("manual_deposit", send_mail))
    at = now()
    settled = settle(wished, None, answer, at, terms)
    await save_all(tx, [settled], methods, at)
    tx.say(*settled.events)
    return settled.payment
