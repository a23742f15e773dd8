"""Chargebacks: what the provider reports, what staff decide, and what staff take back. Pure.

Each decision replaces the one before it, as often as needed. Each loss is booked under its own reference. If it turns
out that nothing was lost, the opposite is booked.
"""

from dataclasses import replace

from payments.payment.rules.answers import Chargeback
from payments.payment.rules.books import journal
from payments.payment.rules.details import BookedRefund, KnownChargeback, Loss
from payments.payment.rules.drafting import Draft
from payments.payment.rules.moves import RefundRequested, SaleHereAgain
from payments.payment.rules.payment import Payment
from payments.payment.rules.refunds.bookings import (
    book_and_publish_refund,
    cover_losses,
    end_without_money,
)
from payments.payment.rules.refunds.taking_back import (
    call_for_spare_money,
    resume_order,
    take_back_booked_refund,
)


def apply_chargeback(draft: Draft, answer: Chargeback, because: str) -> None:
    """Apply the provider's report of a chargeback. It counts even if staff had decided otherwise.

    The same report again changes nothing, so staff may decide otherwise after it. A new notice may reopen a
    chargeback that was won. A lost one does not become open again.
    """
    reported = replace(answer, refs={})
    before = draft.payment.chargeback(reported.reference)
    if before is None:
        before = KnownChargeback(
            reference=reported.reference, amount=reported.amount, disputed_amount=reported.amount
        )
    elif before.last_report == reported:
        return
    else:
        now = before.updated_by(reported)
        is_unchanged = (now.state, now.amount, now.respond_by) == (
            before.state,
            before.amount,
            before.respond_by,
        )
        if is_unchanged or (before.state == "lost" and reported.state == "open"):
            _keep(draft, replace(before, last_report=reported))
            return
    decided = f"chargeback told {reported.state}" if reported.state != "open" else because
    record_chargeback_state(draft, before.updated_by(reported), decided)


def record_chargeback_state(draft: Draft, one: KnownChargeback, because: str, note: str = "") -> None:
    """Store the chargeback in its new state ``one``, and book the difference.

    Staff are called while it is open. A new loss is booked. The opposite of an earlier loss is booked.
    """
    before = draft.payment.chargeback(one.reference)
    draft.note(because, note)
    if before is not None and before.state == "lost":
        _take_back_loss(draft, before, because)
    one = replace(one, taken=(), lost_times=one.lost_times + (one.state == "lost"))
    _keep(draft, one)
    if one.state == "open":
        draft.call("chargeback open")
    elif not draft.payment.open_chargebacks:
        draft.end_calls("no chargeback open")
    if one.state == "lost":
        draft.call("chargeback lost")
        _book_chargeback_loss(draft, one, because)
    elif not draft.payment.lost_to_a_bank:
        draft.end_calls("no loss to a bank left")
    if draft.payment.losses and draft.payment.held_amount:
        cover_losses(draft, f"{one.reference}:{draft.payment.version}", because)


def _keep(draft: Draft, one: KnownChargeback) -> None:
    known = {kept.reference: kept for kept in draft.payment.chargebacks}
    draft.change(chargebacks=tuple((known | {one.reference: one}).values()))


def _book_chargeback_loss(draft: Draft, lost: KnownChargeback, because: str) -> None:
    """Book the lost amount: out of the money that is here, and as a loss beyond that."""
    given = min(lost.amount, draft.payment.held_amount)
    draft.change(beside_provider_amount=draft.payment.beside_provider_amount + lost.amount)
    draft.lose(Loss(lost.loss_ref, lost.amount - given, "chargeback"))
    if given:
        book_and_publish_refund(
            draft, lost.loss_ref, given, "provider", because, by_noren=True, by_chargeback=True
        )
    elif not draft.payment.held_amount:
        end_without_money(draft, because)


def _take_back_loss(draft: Draft, lost: KnownChargeback, because: str) -> None:
    """Book the opposite of a loss, and of the money that covered it. The state is again that of the open chargeback."""
    payment = draft.payment
    beyond = _lost_beyond_held(payment, lost)
    draft.book(journal.loss_taken_back(lost.loss_ref, beyond))
    draft.change(
        losses=tuple(one for one in payment.losses if one.ref != lost.loss_ref),
        beside_provider_amount=payment.beside_provider_amount - lost.amount,
    )
    taken = _taken(payment, lost)
    for one in taken:
        take_back_booked_refund(draft, one, "provider", by_chargeback=True)
    if not resume_order(draft, because) and draft.payment.held_amount and payment.state == "refunded":
        draft.move(SaleHereAgain if draft.payment.sale_amount else RefundRequested, because)
    call_for_spare_money(draft, sum(one.from_suspense for one in taken))


def _lost_beyond_held(payment: Payment, lost: KnownChargeback) -> int:
    return sum(loss.amount for loss in payment.losses if loss.ref == lost.loss_ref)


def _taken(payment: Payment, lost: KnownChargeback) -> tuple[BookedRefund, ...]:
    """Return the part of a loss that was here.

    An old row does not have the parts. Its loss was taken out of suspense first.
    """
    given = lost.amount - _lost_beyond_held(payment, lost)
    if lost.lost_times or not given:
        return lost.taken
    return (BookedRefund(lost.loss_ref, given, min(given, payment.suspense_returned_amount)),)
