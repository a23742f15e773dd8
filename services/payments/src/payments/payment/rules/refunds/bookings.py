"""Books refunds of Noren, refunds of others and chargebacks. Pure.

Each booking is made once, whatever the state.
"""

from dataclasses import replace
from uuid import UUID

from payments.payment.rules.answers import Refunded, RefundRoute
from payments.payment.rules.books import journal
from payments.payment.rules.details import BookedRefund, Loss, Outside
from payments.payment.rules.drafting import Draft
from payments.payment.rules.moves import NothingLeft, RefundRequested
from payments.payment.rules.refunds.names import is_about, keep_route, refund_id_of
from shared.events import PaymentRefunded

CAPTURED, REFUNDED = "売上確定済", "返金済"
"""The state of an authorization, as :attr:`Payment.provider_status` shows it."""
OVER_REFUNDED = "more went out than was here"


def book_refund(
    draft: Draft, ref: str, amount: int, route: RefundRoute, because: str, *, by_noren: bool
) -> None:
    """Book a refund out of the money that is here. The excess is a loss until a person, or money, explains it.

    The buyer reads the whole amount that the provider refunded, as soon as some of it was here.
    """
    keep_route(draft, ref, route)
    given = min(amount, draft.payment.held_amount)
    if given:
        book_and_publish_refund(draft, ref, given, route, because, by_noren=by_noren, beyond=amount - given)
    else:
        draft.change(refunds=(*draft.payment.refunds, ref))
    if amount > given:
        draft.lose(Loss(ref, amount - given, "refund", route, published=bool(given)))
        draft.note(OVER_REFUNDED, f"¥{amount - given:,}")
        draft.call("refund of more than was here")


def cover_losses(draft: Draft, receipt_id: str, because: str) -> None:
    """Let new money cover earlier losses, as if the money had come first."""
    for loss in draft.payment.losses:
        amount = min(loss.amount, draft.payment.held_amount)
        if not amount:
            continue
        left = replace(loss, amount=loss.amount - amount)
        losses = [left if one is loss else one for one in draft.payment.losses]
        draft.change(losses=tuple(one for one in losses if one.amount))
        if loss.kind == "receipt":
            draft.take_back_amount(loss.ref, amount, receipt_id)
            if not draft.payment.spare_amount:
                draft.end_calls("no spare money here")
        else:
            by_chargeback = loss.kind == "chargeback"
            book_and_publish_refund(
                draft,
                loss.ref,
                amount,
                loss.route,
                because,
                by_noren=by_chargeback or any(is_about(loss.ref, own) for own in draft.payment.own_refunds),
                by_chargeback=by_chargeback,
                explained_by=receipt_id,
                published=loss.published,
            )
    if not any(loss.kind == "refund" for loss in draft.payment.losses):
        draft.end_calls("no unexplained loss left")


def book_outside_refund(draft: Draft, ref: str, amount: int, route: RefundRoute, because: str) -> None:
    """Book a refund that staff made by a way that the provider does not know."""
    if ref in draft.payment.refunds:
        return
    draft.change(
        beside_provider_amount=draft.payment.beside_provider_amount + amount,
        outside=(
            *draft.payment.outside,
            Outside(ref, amount, route, min(amount, draft.payment.spare_amount)),
        ),
    )
    book_and_publish_refund(draft, ref, amount, route, because, by_noren=True)


def book_and_publish_refund(
    draft: Draft,
    ref: str,
    amount: int,
    route: RefundRoute,
    because: str,
    *,
    by_noren: bool,
    by_chargeback: bool = False,
    explained_by: str = "",
    beyond: int = 0,
    published: bool = False,
) -> None:
    """Book the refund and publish it for the order and its buyer, unless it was ``published`` before.

    ``beyond`` yen went out as well, although they were not here. They belonged to no order.
    """
    payment = draft.payment
    spare = min(amount, payment.spare_amount)
    refund_id = _book(draft, ref, amount, explained_by)
    if by_chargeback:
        taken = BookedRefund(" ".join(filter(None, [ref, explained_by])), amount, spare)
        known = (one.with_taken_part(taken) if one.loss_ref == ref else one for one in payment.chargebacks)
        draft.change(chargebacks=tuple(known))
    if not draft.payment.spare_amount:
        draft.end_calls("no spare money here")
    state = payment.state
    if draft.payment.held_amount == 0:
        end_without_money(draft, because)
    if draft.payment.state == state:
        draft.note(because)
    if amount > spare and payment.goes_on and not by_noren:
        draft.call("refund by others")
    if published:
        return
    draft.say(
        PaymentRefunded,
        refund_id=refund_id,
        amount=amount + beyond,
        spare_amount=spare + beyond if spare == amount else spare,
        remaining_amount=draft.payment.sale_amount if payment.goes_on else draft.payment.held_amount,
        route=route,
        by_dispute=by_chargeback,
        order_ended=payment.order_cancelled or payment.number_is_over,
        by=draft.person or (payment.requested_by if by_noren and not by_chargeback else ""),
    )


def _book(draft: Draft, ref: str, amount: int, explained_by: str) -> UUID:
    """Book ``amount`` yen as refunded, suspense first. Return the id of the refund in events.

    ``explained_by``: the receipt that explains a refund which was booked as a loss.
    """
    payment = draft.payment
    from_suspense = min(amount, payment.spare_amount)
    entries = (
        journal.suspense_returned(ref, from_suspense),
        journal.refund(ref, amount - from_suspense),
    )
    known = () if explained_by else (ref,)
    draft.book(*(journal.covered(one, explained_by) if explained_by else one for one in entries))
    draft.change(
        refunded_amount=payment.refunded_amount + amount,
        suspense_returned_amount=payment.suspense_returned_amount + from_suspense,
        refunds=(*payment.refunds, *known),
    )
    return refund_id_of(payment, " ".join([ref, *filter(None, [explained_by])]))


def end_without_money(draft: Draft, because: str) -> None:
    """End the payment after all money was refunded, unless the order is still to be paid by it."""
    payment = draft.payment
    draft.end_refund()
    draft.end_calls("no money here")
    if payment.state == "short" and payment.goes_on:
        draft.move(NothingLeft, because)
    elif payment.state == "refunded" or (payment.keeps_its_sale and not payment.captured_amount):
        return
    else:
        draft.move(RefundRequested, because)
        if draft.move(Refunded, because):
            draft.change(provider_status=REFUNDED if payment.authorization_id else "")


def request_the_rest(draft: Draft) -> None:
    """Request a refund of money that came meanwhile, or was not requested yet."""
    payment = draft.payment
    if payment.state == "refunding" and payment.held_amount > 0 and not payment.refunds_stopped:
        draft.request("refund", payment.held_amount)
