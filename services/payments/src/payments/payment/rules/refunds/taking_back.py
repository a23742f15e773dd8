"""Takes booked refunds back, and says what becomes of money that is here again. Pure.

Every refund that did not take place ends here, whoever had reported it. Its money first ends the losses by the same
refund, then covers other losses. Only the rest is here for the order, or is refunded.
"""

from dataclasses import replace

from payments.payment.rules.answers import RefundRoute
from payments.payment.rules.books import journal
from payments.payment.rules.details import BookedRefund, Loss, Outside
from payments.payment.rules.drafting import Draft
from payments.payment.rules.moves import OVER, RecordTakenBack, SaleHereAgain, ShortMoneyHere
from payments.payment.rules.payment import Payment
from payments.payment.rules.refunds.bookings import CAPTURED, REFUNDED, cover_losses
from payments.payment.rules.refunds.names import is_about, next_name, refund_id_of, route_of
from shared.events import RefundTakenBack


def take_back_reported_refund(draft: Draft, ref: str, amount: int, because: str) -> None:
    """Book that ``amount`` yen of a refund that the provider had reported did not go back.

    ``ref`` is the provider's id, or ``SUM``. A loss by this refund is reduced first.
    """
    payment = draft.payment
    name = next_name(payment, ref)
    beyond, published = _reduce_losses(draft, ref, name, amount)
    booked = BookedRefund(name, amount - beyond, min(amount - beyond, _suspense_returned(payment)))
    take_back_booked_refund(draft, booked, route_of(payment, ref), beyond=published)
    if booked.amount:
        _use_money(draft, booked.from_suspense, name, because)
    else:
        draft.note(because)


def take_back_outside_refund(draft: Draft, record: Outside, because: str) -> None:
    """Book the opposite of a refund that staff had recorded by mistake. Inform the order and its buyer."""
    payment = draft.payment
    draft.change(
        outside=tuple(one for one in payment.outside if one is not record),
        beside_provider_amount=payment.beside_provider_amount - record.amount,
    )
    booked = BookedRefund(record.ref, record.amount, record.from_suspense)
    take_back_booked_refund(draft, booked, record.route)
    _use_money(draft, record.from_suspense, next_name(payment, record.ref), because)


def take_back_booked_refund(
    draft: Draft, gone: BookedRefund, route: RefundRoute, *, beyond: int = 0, by_chargeback: bool = False
) -> None:
    """Book the opposite of a booked refund that did not take place, and publish it.

    ``beyond`` further yen were published with it, and were a loss. The buyer gets a mail, unless ``by_chargeback``.
    """
    payment = draft.payment
    draft.book(
        journal.suspense_return_taken_back(gone.ref, gone.from_suspense),
        journal.refund_taken_back(gone.ref, gone.amount - gone.from_suspense),
    )
    if gone.amount:
        draft.change(
            refunded_amount=payment.refunded_amount - gone.amount,
            suspense_returned_amount=payment.suspense_returned_amount - gone.from_suspense,
            provider_status=CAPTURED if payment.provider_status == REFUNDED else payment.provider_status,
        )
    if gone.amount + beyond:
        spare = gone.from_suspense
        draft.say(
            RefundTakenBack,
            refund_id=refund_id_of(payment, gone.ref),
            amount=gone.amount + beyond,
            spare_amount=spare + beyond if 0 < spare == gone.amount else spare,
            remaining_amount=_remaining(draft.payment),
            route=route,
            by_dispute=by_chargeback,
        )


def resume_order(draft: Draft, because: str) -> bool:
    """Let an order that goes on be paid again by money of its sale, or be short of the rest.

    Return False if this changes nothing.
    """
    payment = draft.payment
    if payment.order_cancelled or not payment.held_amount:
        return False
    paid = payment.sale_amount > 0 and draft.move(SaleHereAgain, because)
    short = not paid and payment.number is None and draft.move(ShortMoneyHere, because)
    if short:
        draft.call("money of the sale missing again")
    return paid or short


def call_for_spare_money(draft: Draft, amount: int) -> None:
    """Call a person if ``amount`` is more than 0: these yen are here and belong to no order."""
    state = draft.payment.state
    if amount:
        late, paid = state in OVER or state == "refunding", state == "captured"
        draft.call(
            "money after the end" if late else "money beyond the total" if paid else "money below the total"
        )


def _use_money(draft: Draft, from_suspense: int, name: str, because: str) -> None:
    """Use money that is here again, ``from_suspense`` yen of which belonged to no order: losses come first."""
    if draft.payment.losses:
        cover_losses(draft, name, because)
    if not resume_order(draft, because):
        if draft.payment.held_amount and draft.move(RecordTakenBack, because):
            draft.call("refund taken back")
        else:
            draft.note(because)
    call_for_spare_money(draft, min(from_suspense, draft.payment.spare_amount))


def _reduce_losses(draft: Draft, ref: str, name: str, amount: int) -> tuple[int, int]:
    """Reduce losses by refunds for ``amount`` yen of the refund ``ref`` that did not go back, its own losses first.

    Return the reduced yen, and how many of them an event had published as refunded. Losses by other refunds are
    reduced only for yen that are booked by no refund: the sum of the provider may have reported them before their id.
    """
    payment = draft.payment
    by_refunds = [one for one in payment.losses if one.kind == "refund"]
    own = sum(one.amount for one in by_refunds if is_about(one.ref, ref))
    booked = payment.reported_refunds_amount - sum(one.amount for one in by_refunds)
    left = max(min(own, amount), amount - booked)
    reduced = published = 0
    losses: list[Loss] = list(payment.losses)
    for loss in sorted(by_refunds, key=lambda one: not is_about(one.ref, ref)):
        less = min(loss.amount, left - reduced)
        reduced, published = reduced + less, published + (less if loss.published else 0)
        losses = [replace(one, amount=one.amount - less) if one is loss else one for one in losses]
    draft.book(journal.loss_taken_back(name, reduced))
    draft.change(losses=tuple(one for one in losses if one.amount))
    if not any(one.kind == "refund" for one in draft.payment.losses):
        draft.end_calls("no unexplained loss left")
    return reduced, published


def _suspense_returned(payment: Payment) -> int:
    """Return the suspense that refunds of the provider returned, without records of staff and lost chargebacks."""
    records = sum(one.from_suspense for one in payment.outside)
    lost = [part for one in payment.chargebacks if one.state == "lost" for part in one.taken]
    return max(payment.suspense_returned_amount - records - sum(part.from_suspense for part in lost), 0)


def _remaining(payment: Payment) -> int:
    """Return the yen that stay for the order, or its buyer, after losses that were published as refunded are covered."""
    free = max(payment.held_amount - sum(one.amount for one in payment.losses if one.published), 0)
    return free if payment.order_cancelled else min(payment.sale_amount, free)
