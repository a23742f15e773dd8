"""Staff record a deposit they saw on the bank's statement: of any amount, dated since the order (PAY-07, M6)."""

from datetime import UTC, date, datetime, time

from payments.payment.rules import asking
from payments.payment.rules.answers import Captured
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import CaptureWish, Payment
from payments.payment.rules.settling import settle
from payments.payment.rules.terms import Terms
from shared.clock import JAPAN
from shared.errors import Refused

DEPOSIT = "deposit recorded"
_REFUSALS = {
    "not_by_hand": "このお支払い方法の入金は手動で記録できません。",
    "automatic_only": "このお支払い方法の入金は自動で反映されます。手動では記録できません。",
    "not_managed": "代金引換の入金は管理していません。",
    "already_captured": "この注文はすでに入金済みです。",
}
_DATES = {
    "deposit_date_ahead": "入金日は今日までの日付で入力してください",
    "deposit_date_before_order": "入金日は注文日以降の日付で入力してください",
}


def record_deposit(
    payment: Payment,
    terms: Terms,
    at: datetime,
    *,
    amount: int,
    deposited_on: date,
    receipt_id: str,
    send_mail: bool,
    by: str,
    beside_the_sale: bool = False,
) -> Settled:
    """Book ``amount`` yen once under ``receipt_id``; too little, too much or too late goes to suspense. Pure.

    ``beside_the_sale``: staff know that the order is paid already; all of it is too much then.

    Raises Refused where deposits are not recorded by hand, and for a day on which none can have come.
    """
    if receipt_id in payment.receipts:
        return Settled(payment)
    if refusal := asking.why_no_manual_deposit(payment, terms, beside_the_sale=beside_the_sale):
        raise Refused(refusal, _REFUSALS[refusal])
    if refusal := asking.why_not_deposited_on(payment, deposited_on, at):
        raise Refused(refusal, _DATES[refusal], field="deposited_on", status=422)
    answer = Captured(
        amount=amount,
        captured_at=datetime.combine(deposited_on, time(), JAPAN).astimezone(UTC),
        captured_on=deposited_on,
        receipt_id=receipt_id,
    )
    wished = asking.expect_deposit(payment, CaptureWish("manual_deposit", send_mail))
    return settle(wished, None, answer, at, terms, because=DEPOSIT, by=by)
