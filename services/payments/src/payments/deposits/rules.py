"""Deposits that staff record, and money that staff let pay for an order. Pure.

Staff see a deposit on the bank's statement. It may have any amount, and any day since the order (PAY-07, M6). A rule
returns the payment unchanged if the deed is not possible. ``may_...`` and ``..._max`` check this before.
"""

from datetime import UTC, date, datetime, time

from payments.deposits.labels import NOT_BY_HAND, WRONG_DAY
from payments.payment.rules.answers import Captured, Reversed
from payments.payment.rules.books import journal
from payments.payment.rules.contradictions.count_again import count_receipt_again, end_receipt_nowhere
from payments.payment.rules.details import CaptureWish, Disowned
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.moves import ShortMoneyAccepted
from payments.payment.rules.order_wishes import do_what_waited, why_no_deposit
from payments.payment.rules.payment import Payment
from payments.payment.rules.receipts import take_back_receipt, take_for_the_sale
from payments.payment.rules.refunds.bookings import CAPTURED
from payments.payment.rules.refunds.taking_back import call_for_spare_money
from payments.payment.rules.reports.objects import stands_here
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.terms import Terms
from shared.clock import JAPAN, in_japan
from shared.errors import Refused
from shared.events import PaymentCaptured

DEPOSIT = "deposit recorded"


def expect_deposit(payment: Payment, wish: CaptureWish) -> Payment:
    """Return the payment with the wish that belongs to a deposit that is recorded next."""
    return payment if payment.state == "captured" else payment.changed(capture_wish=wish)


def why_no_manual_deposit(payment: Payment, terms: Terms, *, beside_the_sale: bool = False) -> str | None:
    """Return why staff may not record a deposit for this payment, or None.

    ``beside_the_sale``: staff know that the order is paid and that this is further money.
    """
    if terms.deposit != "by_hand":
        return why_no_deposit(terms) or "not_by_hand"
    if payment.state == "captured" and not beside_the_sale:
        return "already_captured"
    return None


def why_not_deposited_on(payment: Payment, day: date, at: datetime) -> str | None:
    """Return why no deposit can have come on ``day``, or None. It is not in the future, nor before the order (PAY-07)."""
    if day > in_japan(at).date():
        return "deposit_date_ahead"
    return "deposit_date_before_order" if day < in_japan(payment.placed_at).date() else None


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
    """Book ``amount`` yen once under ``receipt_id``. Too little, too much or too late money goes to suspense.

    ``beside_the_sale``: staff know that the order is paid already. Then all of it is excess.

    Raises Refused if deposits are not recorded by hand, and for a day on which none can have come.
    """
    if receipt_id in payment.receipts:
        return Settled(payment)
    if refusal := why_no_manual_deposit(payment, terms, beside_the_sale=beside_the_sale):
        raise Refused(refusal, NOT_BY_HAND[refusal])
    if refusal := why_not_deposited_on(payment, deposited_on, at):
        raise Refused(refusal, WRONG_DAY[refusal], field="deposited_on", status=422)
    answer = _came(amount, deposited_on, at, receipt_id)
    wished = expect_deposit(payment, CaptureWish("manual_deposit", send_mail))
    return settle_answer(wished, None, answer, at, terms, because=DEPOSIT, by=by)


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
    """Book the missing amount as a transfer that staff saw, ``at`` a moment or on a day.

    If this is not possible, an event has the reason.
    """
    refusal = why_no_manual_deposit(payment, terms)
    refusal = refusal or (why_not_deposited_on(payment, deposited_on, at) if deposited_on else None)
    if refusal:
        draft = Draft(payment, at)
        draft.reject_capture(refusal)
        return draft.done()
    answer = _came(payment.missing_amount, deposited_on, at, receipt_id)
    wished = expect_deposit(payment, CaptureWish("manual_deposit", send_mail))
    return settle_answer(wished, None, answer, at, terms, because=DEPOSIT, by=by)


def _came(amount: int, day: date | None, at: datetime, receipt_id: str) -> Captured:
    """Return the receipt of a transfer, at the beginning of its day in Japan, or ``at`` if there is no day."""
    captured_at = datetime.combine(day, time(), JAPAN).astimezone(UTC) if day else at
    return Captured(amount=amount, captured_at=captured_at, captured_on=day, receipt_id=receipt_id)


def may_take_back_deposits(payment: Payment, terms: Terms) -> bool:
    """Return whether staff may take back a deposit that they recorded: none of it is being refunded."""
    return terms.deposit == "by_hand" and not payment.refund_requested_amount and not payment.open_chargebacks


def take_back_deposit(
    payment: Payment, terms: Terms, at: datetime, *, receipt_id: str, amount: int, by: str
) -> Settled:
    """Take back a deposit of ``amount`` yen that staff recorded, and that was never for this order."""
    draft = Draft(payment, at, by)
    if may_take_back_deposits(payment, terms) and 0 < amount <= payment.held_amount:
        reversed_receipt = Reversed(receipt_id=receipt_id, amount=amount)
        take_back_receipt(draft, reversed_receipt, "deposit taken back", by_mistake=True)
    return draft.done()


def may_move_here(payment: Payment, receipt_id: str) -> bool:
    """Return whether a receipt was reported here that is booked on another order."""
    return receipt_id in payment.booked_elsewhere


def may_move_away(payment: Payment, receipt_id: str) -> bool:
    """Return whether staff may move a receipt away from this payment. It is or was in the books here, and has no
    other order."""
    disowned = payment.disowned.get(receipt_id)
    return stands_here(payment, receipt_id) or (disowned is not None and not disowned.booked_on)


def move_away(payment: Payment, terms: Terms, at: datetime, *, receipt_id: str, to: str, by: str) -> Settled:
    """Take a receipt out of the books that is, or was, booked here and belongs to the order ``to``, as staff decided."""
    draft = Draft(payment, at, by)
    draft.note("receipt moved away", to)
    name = payment.receipt_names.get(receipt_id, receipt_id)
    gone = Reversed(receipt_id=name, amount=payment.booked_of(name) or 0)
    take_back_receipt(draft, gone, "receipt moved away", by_mistake=True)
    disowned = Disowned("receipt", gone.amount, booked_on=to)
    draft.change(disowned={**payment.disowned, receipt_id: disowned})
    draft.payment = end_receipt_nowhere(draft.payment.without_mismatch)
    do_what_waited(draft, terms)
    return draft.done()


def move_here(
    payment: Payment,
    terms: Terms,
    at: datetime,
    *,
    receipt_id: str,
    amount: int,
    captured_at: datetime,
    by: str,
) -> Settled:
    """Book a receipt of ``amount`` yen that was booked on another order, as staff decided.

    It is booked under a new name, and known by the provider's id.
    """
    draft = Draft(payment, at, by)
    origin = payment.booked_elsewhere[receipt_id]
    draft.note("receipt moved here", origin)
    return count_receipt_again(draft, terms, receipt_id, amount, captured_at, "receipt moved here")


def may_accept_short(payment: Payment) -> bool:
    """Return whether too little came in and staff may accept it as the whole."""
    waits = payment.state in ("waiting", "short")
    certain = not payment.open_chargebacks and not payment.contradicted
    return waits and payment.held_amount > 0 and not payment.order_cancelled and certain


def accept_short(
    payment: Payment, terms: Terms, at: datetime, *, by: str, send_mail: bool = False
) -> Settled:
    """Accept the money that is here as the whole: the order is paid. ``send_mail`` sends the buyer the deposit mail."""
    draft = Draft(payment, at, by)
    if may_accept_short(payment):
        amount = payment.spare_amount
        draft.book(journal.allocated(f"accepted:{payment.version}", amount))
        take_for_the_sale(draft, amount, "short money accepted", ShortMoneyAccepted)
        source = "manual_deposit" if terms.deposit == "by_hand" else "admin"
        draft.say(
            PaymentCaptured,
            amount=draft.payment.sale_amount,
            captured_at=at,
            source=source,
            send_mail=send_mail,
        )
    return draft.done()


def may_keep(payment: Payment) -> bool:
    """Return whether money that was to be refunded may pay for an order that goes on.

    No refund of it is in progress, and it is not disputed.
    """
    refund_ended = payment.state in ("owed", "refunded") and not payment.order_cancelled
    return (
        refund_ended
        and payment.held_amount > 0
        and not payment.refund_requested_amount
        and not payment.refunds_stopped
    )


def kept_amount(payment: Payment) -> int:
    """Return the amount that the order would keep: at most its total. The rest belongs to no order."""
    return min(payment.held_amount, max(payment.amount, payment.sale_amount))


def keep_for_order(
    payment: Payment, terms: Terms, at: datetime, *, by: str, send_mail: bool = False
) -> Settled:
    """Let money that was to be refunded pay for the order, even if it is short."""
    draft = Draft(payment, at, by)
    if may_keep(payment):
        amount = kept_amount(payment) - payment.sale_amount
        draft.book(journal.allocated(f"kept:{payment.version}", amount))
        draft.change(
            captured_amount=payment.captured_amount + amount,
            paid_once=True,
            suspense_amount=payment.suspense_amount - amount,
            provider_status=CAPTURED if payment.authorization_id else "",
        )
        draft.end_calls("kept for the order")
        draft.move(ShortMoneyAccepted, "kept for the order")
        call_for_spare_money(draft, draft.payment.spare_amount)
        draft.say(
            PaymentCaptured,
            amount=draft.payment.sale_amount,
            excess_amount=draft.payment.spare_amount,
            captured_at=at,
            source="manual_deposit" if terms.deposit == "by_hand" else "admin",
            send_mail=send_mail,
            deposit_mail=terms.deposit_mail != "never",
        )
    return draft.done()
