"""Money that goes back: by our refunds, by others, by chargebacks. Booked once, in every state. Pure."""

from dataclasses import replace

from payments.domain.answers import Chargeback, RefundDeclined, Refunded, RefundedInAll, RefundRoute
from payments.domain.drafting import Draft
from payments.domain.moves import NothingLeft, RefundAsked
from payments.domain.payment import ABOUT_SPARE_MONEY
from shared.events import PaymentRefunded

UNEXPLAINED = "refund_unexplained"
ELSEWHERE = "refunded_elsewhere"


def refunded(draft: Draft, answer: Refunded, because: str, *, ours: bool) -> None:
    """Book a refund once by its id, whoever asked for it. ``ours``: it is the answer to a request of ours."""
    payment = draft.payment
    # Equal in amount to what we asked for: ours, though the answer to our own question was lost.
    ours = ours or 0 < answer.amount == payment.refund_asked_amount
    if not payment.heard_before(answer):
        unnamed = min(max(payment.unnamed_refund_amount - answer.unnamed_before, 0), answer.amount)
        if answer.amount - unnamed > payment.held_amount:
            draft.call(UNEXPLAINED)
            return
        if unnamed:
            draft.change(unnamed_refund_amount=payment.unnamed_refund_amount - unnamed)
        if answer.amount > unnamed:
            _give(draft, answer.refund_ref, answer.amount - unnamed, answer.route, because, ours=ours)
        else:
            draft.change(refunds=(*payment.refunds, answer.refund_ref))
    if ours:
        draft.change(refund_asked_amount=0)
        _give_the_rest(draft)


def refunded_in_all(draft: Draft, answer: RefundedInAll, because: str) -> None:
    """Book what the provider's sum holds beyond the refunds that have a name."""
    payment = draft.payment
    beyond = answer.amount - (payment.refunded_amount - payment.beside_provider_amount)
    if beyond > payment.held_amount:
        draft.call(UNEXPLAINED)
    elif beyond > 0:
        draft.change(unnamed_refund_amount=payment.unnamed_refund_amount + beyond)
        _give(draft, f"total:{answer.amount}", beyond, answer.route, because, ours=False)


def settled_outside(draft: Draft, ref: str, amount: int, route: RefundRoute, because: str) -> None:
    """Book what staff sent back by a way that the provider knows nothing of."""
    if ref in draft.payment.refunds:
        return
    draft.change(beside_provider_amount=draft.payment.beside_provider_amount + amount)
    _give(draft, ref, amount, route, because, ours=True)


def refund_declined(draft: Draft, answer: RefundDeclined, because: str, *, ours: bool) -> None:
    """A refund came to nothing: a person's business, unless others gave back part of it while it was asked for."""
    payment = draft.payment
    if payment.heard_before(answer):
        return
    if answer.refund_ref:
        draft.change(failed_refunds=(*payment.failed_refunds, answer.refund_ref))
    asked = payment.refund_asked_amount
    if not asked and payment.state != "refunding":
        return
    draft.change(refund_asked_amount=0)
    if ours and payment.refundable_amount < asked:
        _give_the_rest(draft)
    elif payment.state in ("refunding", "captured"):
        draft.call("refund_failed")
        if not draft.move(RefundDeclined, because):
            draft.note(because)


def charged_back(draft: Draft, answer: Chargeback, because: str) -> None:
    """A buyer disputes the payment: staff are called while it is open; what is lost is gone."""
    payment = draft.payment
    told = replace(answer, refs={})
    known = {one.reference: one for one in payment.chargebacks}
    before = known.get(answer.reference)
    if before == told or (before is not None and before.state != "open"):
        return
    known[answer.reference] = told
    draft.change(chargebacks=tuple(known.values()))
    if answer.state == "lost":
        amount = min(answer.amount, payment.held_amount)
        draft.change(beside_provider_amount=payment.beside_provider_amount + amount)
        if amount:
            draft.return_money(f"chargeback:{answer.reference}", amount)
    draft.note(because)
    if answer.state != "won":
        draft.call("chargeback")
    elif not draft.payment.disputes:
        draft.stop_calling("chargeback")
    if answer.state == "lost" and not draft.payment.held_amount:
        _nothing_left(draft, because)


def _give(draft: Draft, ref: str, amount: int, route: RefundRoute, because: str, *, ours: bool) -> None:
    """Book the refund and tell the order, as far as it was ever told of that money."""
    payment = draft.payment
    refund_id = draft.return_money(ref, amount)
    draft.stop_calling(UNEXPLAINED)
    if not draft.payment.spare_amount:
        draft.stop_calling(*ABOUT_SPARE_MONEY)
    told = max(amount - payment.spare_amount, 0) if payment.goes_on else amount
    state = payment.state
    if draft.payment.held_amount == 0:
        _nothing_left(draft, because)
    if draft.payment.state == state:
        draft.note(because)
    if told and payment.goes_on and not ours:
        draft.call(ELSEWHERE)
    if told:
        left = draft.payment.sale_amount if payment.goes_on else draft.payment.held_amount
        draft.say(PaymentRefunded, refund_id=refund_id, amount=told, remaining_amount=left, route=route)


def _nothing_left(draft: Draft, because: str) -> None:
    """All that was here went back: the payment is over, unless the order is still to be paid by it."""
    payment = draft.payment
    draft.change(refund_asked_amount=0)
    draft.stop_calling(*ABOUT_SPARE_MONEY, "refund_failed")
    if payment.state == "short" and payment.goes_on:
        draft.move(NothingLeft, because)
    elif payment.state == "refunded" or (payment.keeps_its_sale and not payment.captured_amount):
        return
    else:
        draft.move(RefundAsked, because)
        if draft.move(Refunded, because):
            draft.change(provider_status="返金済" if payment.authorization_id else "")


def _give_the_rest(draft: Draft) -> None:
    """What came meanwhile, or was not asked for yet, goes back as well."""
    payment = draft.payment
    if payment.state == "refunding" and payment.held_amount > 0 and not payment.disputes:
        draft.ask("refund", payment.held_amount)
