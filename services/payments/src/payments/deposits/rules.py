"""Deposits that staff saw on the bank's statement: of any amount, dated since the order (PAY-07, M6). Pure."""

from datetime import UTC, date, datetime, time

from payments.deposits.words import NOT_BY_HAND, WRONG_DAY
from payments.payment.rules import asking
from payments.payment.rules.answers import Captured
from payments.payment.rules.details import CaptureWish
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.settling import settle
from payments.payment.rules.terms import Terms
from shared.clock import JAPAN
from shared.errors import Refused

DEPOSIT = "deposit recorded"


def book_deposit(
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
    """Book ``amount`` yen once under ``receipt_id``; too little, too much or too late goes to suspense.

    ``beside_the_sale``: staff know that the order is paid already; all of it is too much then.

    Raises Refused where deposits are not recorded by hand, and for a day on which none can have come.
    """
    if receipt_id in payment.receipts:
        return Settled(payment)
    if refusal := asking.why_no_manual_deposit(payment, terms, beside_the_sale=beside_the_sale):
        raise Refused(refusal, NOT_BY_HAND[refusal])
    if refusal := asking.why_not_deposited_on(payment, deposited_on, at):
        raise Refused(refusal, WRONG_DAY[refusal], field="deposited_on", status=422)
    answer = _came(amount, deposited_on, at, receipt_id)
    wished = asking.expect_deposit(payment, CaptureWish("manual_deposit", send_mail))
    return settle(wished, None, answer, at, terms, because=DEPOSIT, by=by)


def vouch_for_deposit(
    payment: Payment,
    terms: Terms,
    at: datetime,
    *,
    deposited_on: date | None,
    receipt_id: str,
    send_mail: bool,
    by: str,
) -> Settled:
    """Book all that the order still costs as a transfer that staff saw, ``at`` or on a day; say why it is not possible."""
    refusal = asking.why_no_manual_deposit(payment, terms)
    refusal = refusal or (asking.why_not_deposited_on(payment, deposited_on, at) if deposited_on else None)
    if refusal:
        draft = Draft(payment, at)
        draft.reject_capture(refusal)
        return draft.done()
    answer = _came(payment.missing_amount, deposited_on, at, receipt_id)
    wished = asking.expect_deposit(payment, CaptureWish("manual_deposit", send_mail))
    return settle(wished, None, answer, at, terms, because=DEPOSIT, by=by)


def _came(amount: int, day: date | None, at: datetime, receipt_id: str) -> Captured:
    """Return the receipt of a transfer, at the beginning of its day in Japan; ``at`` without one."""
    captured_at = datetime.combine(day, time(), JAPAN).astimezone(UTC) if day else at
    return Captured(amount=amount, captured_at=captured_at, captured_on=day, receipt_id=receipt_id)
