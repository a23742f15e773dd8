"""Money that comes in, for the order or into suspense, and receipts that are taken back. Pure."""

from payments.payment.rules.answers import Captured, Reversed
from payments.payment.rules.books import journal
from payments.payment.rules.call_table import CallBegin
from payments.payment.rules.details import Loss
from payments.payment.rules.drafting import Draft
from payments.payment.rules.holds.ends import await_hold_again, end_hold
from payments.payment.rules.moves import (
    NEXT,
    OVER,
    CapturedInPart,
    HoldHereAgain,
    NothingLeft,
    Operation,
    Reopened,
    ShortMoneyHere,
)
from payments.payment.rules.refunds.bookings import CAPTURED, cover_losses
from payments.payment.rules.terms import Terms
from shared.events import PaymentCaptured

_HELD = ("authorized", "capturing", "voiding")


def receive(
    draft: Draft, answer: Captured, terms: Terms, because: str, operation: Operation | None = None
) -> None:
    """Book money once by its receipt. Only the money that the order owes, in time, pays it."""
    payment = draft.payment
    if answer.receipt_id in payment.receipts:
        _check_reported_receipt(draft, answer, terms)
    else:
        if answer.beside_hold and not payment.order_cancelled:
            # Nothing was held any more, but the order goes on. This money may pay it.
            draft.move(ShortMoneyHere, because)
            payment = draft.payment
        draft.change(
            receipts=(*payment.receipts, answer.receipt_id),
            receipt_amounts={**payment.receipt_amounts, answer.receipt_id: answer.amount},
            received_at=answer.captured_at,
        )
        _take_in(draft, answer, terms, because)
    stands = answer.receipt_id not in payment.reversals
    if operation != "void" or not stands:
        return
    if draft.payment.parts != payment.parts:
        # A part was captured first. The rest is still held, and must be released.
        draft.request("void", payment.amount)
    elif draft.payment.state == "voiding":
        # The number is paid in part, so it cannot be closed.
        draft.move(CapturedInPart, because)


def _take_in(draft: Draft, answer: Captured, terms: Terms, because: str) -> None:
    """Book money that is here: for the order, as a part of it, or into suspense."""
    payment = draft.payment
    if NEXT[payment.state].get(Captured) == "captured" and answer.amount >= payment.missing_amount:
        _fulfil(draft, answer, terms, because)
        if answer.beside_hold and payment.state in ("authorized", "capturing"):
            _free_hold(draft)
    elif terms.part_captures and payment.state in _HELD and not answer.beside_hold:
        _keep_part(draft, answer, because)
    else:
        _book_unexpected_money(draft, answer, because)
        if not answer.beside_hold:
            if terms.part_captures and not payment.goes_on and answer.amount < payment.missing_amount:
                # The hold came late. Its rest may still be held, and is released.
                draft.change(parts=(*payment.parts, answer.receipt_id))
            _end_short_hold(draft, terms, because)
    if payment.losses:
        cover_losses(draft, answer.receipt_id, because)
    if payment.state in OVER:
        draft.release_or_refund(because)


def _check_reported_receipt(draft: Draft, answer: Captured, terms: Terms) -> None:
    """Call a person if a known receipt is reported with another amount.

    The same amount changes nothing and ends an earlier doubt. Until then nothing that depends on the receipt is
    final.
    """
    payment = draft.payment
    booked = payment.booked_of(answer.receipt_id)
    by_hand = terms.deposit == "by_hand"
    if by_hand or booked is None or answer.receipt_id in payment.reversals:
        return
    if answer.amount == booked:
        _doubt_no_more(draft, answer.receipt_id)
    elif payment.receipt_amounts_in_doubt.get(answer.receipt_id) != answer.amount:
        draft.change(
            receipt_amounts_in_doubt={**payment.receipt_amounts_in_doubt, answer.receipt_id: answer.amount}
        )
        draft.call("receipt reported otherwise")
        draft.note("receipt told otherwise", f"¥{booked:,} → ¥{answer.amount:,}")


def call_for_missing_receipt(draft: Draft, receipt_id: str) -> None:
    """Call a person for a receipt that was reported once and is not reported any more."""
    payment = draft.payment
    booked = 0 if receipt_id in payment.reversals else payment.booked_of(receipt_id)
    if booked and payment.receipt_amounts_in_doubt.get(receipt_id) != 0:
        draft.change(receipt_amounts_in_doubt={**payment.receipt_amounts_in_doubt, receipt_id: 0})
        draft.call("receipt reported otherwise")
        draft.note("receipt told no more", f"¥{booked:,}")


def _doubt_no_more(draft: Draft, receipt_id: str) -> None:
    left = {
        one: reported for one, reported in draft.payment.receipt_amounts_in_doubt.items() if one != receipt_id
    }
    draft.change(receipt_amounts_in_doubt=left)


def book_receipts_as_reported(draft: Draft, terms: Terms, because: str) -> None:
    """Book the difference between reported and booked amounts of doubted receipts, after staff have seen it.

    Each difference is its own movement.
    """
    for receipt_id, reported in draft.payment.receipt_amounts_in_doubt.items():
        payment = draft.payment
        more = reported - (payment.booked_of(receipt_id) or 0)
        part = f"{receipt_id}:{payment.version}"
        _doubt_no_more(draft, receipt_id)
        draft.change(receipt_amounts={**payment.receipt_amounts, receipt_id: reported})
        if more > 0:
            came = Captured(
                amount=more,
                captured_at=payment.received_at or draft.at,
                receipt_id=part,
                beside_hold=payment.state in _HELD,
            )
            _take_in(draft, came, terms, because)
        else:
            _take_back_booked(draft, part, -more, because, by_mistake=True)
    await_hold_of_lost_capture(draft, because)


def await_hold_of_lost_capture(draft: Draft, because: str) -> None:
    """Await the hold of a capture that did not take place: it may stand. Its capture will be another receipt.

    Do nothing while the payment's state does not allow it, such as while a refund is in progress.
    """
    hold = draft.payment.authorization_id
    if draft.payment.receipt_amounts.get(draft.payment.receipt_names.get(hold, hold)) != 0:
        return
    if draft.payment.order_cancelled and draft.payment.state == "captured" and not draft.payment.held_amount:
        draft.move(NothingLeft, because)
    payment = draft.payment
    if HoldHereAgain not in NEXT[payment.state]:
        return
    ended = tuple(one for one in payment.ended_holds if one != hold)
    name = f"{hold}>{payment.order_code}:{payment.version}"
    draft.change(ended_holds=ended, receipt_names={**payment.receipt_names, hold: name})
    await_hold_again(draft, hold)


def _keep_part(draft: Draft, answer: Captured, because: str) -> None:
    """Book a part of a hold. It waits in suspense until the rest is here, and calls nobody."""
    payment = draft.payment
    draft.change(parts=(*payment.parts, answer.receipt_id))
    _book_in_suspense(draft, answer.receipt_id, answer.amount)
    draft.note(because)


def _free_hold(draft: Draft) -> None:
    """Release Noren's hold, because others charged the money that it was for."""
    payment = draft.payment
    draft.change(ended_holds=(*payment.ended_holds, payment.authorization_id))
    draft.request("void", payment.amount)


def _book_unexpected_money(draft: Draft, answer: Captured, because: str) -> None:
    payment = draft.payment
    late = payment.state in OVER
    short = payment.state != "captured" and answer.amount < payment.missing_amount
    begin: CallBegin = (
        "money after the end" if late else "money below the total" if short else "money beyond the total"
    )
    _book_in_suspense(draft, answer.receipt_id, answer.amount, begin)
    draft.note(because)


def _end_short_hold(draft: Draft, terms: Terms, because: str) -> None:
    """End a hold of which others captured a part. The rest cannot come by it."""
    if terms.flow == "authorized" and draft.payment.state in ("authorized", "capturing", "voiding"):
        draft.move(CapturedInPart, because)
        draft.change(provider_status="")
        end_hold(draft, "captured_in_part", terms)


def _fulfil(draft: Draft, answer: Captured, terms: Terms, because: str) -> None:
    """Record that the order is paid. Earlier money joins the sale, and excess waits in suspense."""
    payment = draft.payment
    owed, earlier = payment.missing_amount, payment.spare_amount
    draft.book(journal.sale(answer.receipt_id, owed), journal.allocated(answer.receipt_id, earlier))
    take_for_the_sale(draft, owed + earlier, because, Captured)
    _book_in_suspense(draft, answer.receipt_id, answer.amount - owed, "money beyond the total")
    wish = payment.capture_wish
    if not draft.payment.order_cancelled:
        draft.say(
            PaymentCaptured,
            amount=draft.payment.sale_amount,
            excess_amount=draft.payment.spare_amount,
            captured_at=answer.captured_at,
            captured_on=answer.captured_on,
            by=draft.person,
            source=wish.source if wish else terms.captured_source,
            send_mail=wish.send_mail if wish else terms.deposit_mail == "automatic",
            deposit_mail=terms.deposit_mail != "never",
        )


def take_for_the_sale(draft: Draft, amount: int, because: str, by: type) -> None:
    """Move ``amount`` yen to the sale: all free suspense and the newly booked money."""
    payment = draft.payment
    draft.change(
        captured_amount=payment.captured_amount + amount,
        paid_once=amount > 0 or payment.paid_once,
        suspense_amount=payment.suspense_returned_amount,
        provider_status=CAPTURED if payment.authorization_id else "",
    )
    draft.end_calls("paid")
    draft.move(by, because)


def _book_in_suspense(draft: Draft, receipt_id: str, amount: int, begin: CallBegin | None = None) -> None:
    if amount:
        draft.book(journal.suspended(receipt_id, amount))
        draft.change(suspense_amount=draft.payment.suspense_amount + amount)
        if begin:
            draft.call(begin)


def take_back_receipt(draft: Draft, answer: Reversed, because: str, *, by_mistake: bool = False) -> None:
    """Take a receipt out of the books that the till took back: out of suspense first, then out of the sale.

    What was refunded meanwhile is a loss. A number waits for its buyer again. ``by_mistake``: staff know that they
    had recorded money that never came.
    """
    payment = draft.payment
    if answer.receipt_id not in payment.receipts or answer.receipt_id in payment.reversals:
        return
    booked = payment.receipt_amounts.get(answer.receipt_id, answer.amount)
    draft.change(reversals=(*payment.reversals, answer.receipt_id))
    _doubt_no_more(draft, answer.receipt_id)
    _take_back_booked(draft, answer.receipt_id, booked, because, by_mistake=by_mistake)


def _take_back_booked(draft: Draft, ref: str, amount: int, because: str, *, by_mistake: bool) -> None:
    payment = draft.payment
    # A refund in progress may have gone out already. Only its answer, or money, shows what is lost.
    taken = min(amount, max(payment.held_amount - payment.refund_requested_amount, 0))
    _, from_sale = draft.take_back_amount(ref, taken)
    draft.lose(Loss(ref, amount - taken, "receipt"))
    if not draft.payment.spare_amount:
        draft.end_calls("no spare money here")
    if (from_sale or amount > taken) and not by_mistake:
        draft.call("receipt taken back by the till")
    if not (from_sale and payment.goes_on and _is_owed_again(draft, ref, because)):
        draft.note(because)
    if not draft.payment.held_amount and draft.payment.state in ("refunding", "owed"):
        draft.end_refund()
        draft.end_calls("nothing left to refund")
        draft.move(NothingLeft, because)


def _is_owed_again(draft: Draft, ref: str, because: str) -> bool:
    """Record that the order is not paid any more. Its number waits for the buyer; its remaining money is short."""
    payment = draft.payment
    left = payment.sale_amount
    if left and payment.state == "captured":
        draft.book(journal.moved_to_suspense(ref, left))
        draft.change(
            captured_amount=payment.captured_amount - left, suspense_amount=payment.suspense_amount + left
        )
        draft.call("money of the sale missing again")
    return draft.move(CapturedInPart if payment.number is None else Reopened, because)
