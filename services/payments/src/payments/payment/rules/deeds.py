"""What staff may do about a payment at its desk: a way out of every state that money can be in. Pure.

Each deed returns the payment unchanged where it is not possible; the functions ``may_...`` say so before.
"""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from payments.payment.rules import journal
from payments.payment.rules.answers import RefundDeclined, RefundRoute, Reversed
from payments.payment.rules.asking import let_go
from payments.payment.rules.beside import CHARGE_UNKNOWN, OTHER_HOLD
from payments.payment.rules.chargebacks import let_stand
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.moves import OVER, RefundAsked, ShortMoneyAccepted
from payments.payment.rules.payment import (
    ABOUT_SPARE_MONEY,
    MISMATCH,
    OVER_WITH_THE_ORDER,
    UNEXPLAINED,
    Payment,
)
from payments.payment.rules.receiving import book_as_told, reverse, take_for_the_sale
from payments.payment.rules.refunding import refund_declined
from payments.payment.rules.retold import book_refunds_as_told
from payments.payment.rules.returning import (
    CAPTURED,
    ELSEWHERE,
    call_spare,
    settled_outside,
    take_back_outside,
)
from payments.payment.rules.terms import Terms
from shared.events import PaymentCaptured

TO_BE_SEEN = (
    ELSEWHERE,
    UNEXPLAINED,
    MISMATCH,
    OTHER_HOLD,
    CHARGE_UNKNOWN,
    "chargeback",
    "chargeback_lost",
    "receipt_reversed",
    "shipping_untold",
    "excess_money",
    "late_money",
)
"""Calls that are over when a person has seen them; those about spare money only once none is here."""


def may_refund_again(payment: Payment) -> bool:
    """Return whether money is here that belongs back and that no refund is under way for: one failed, or it came late."""
    late = payment.state in OVER and "late_money" in payment.calls
    owed = payment.state == "owed" or late or (payment.state == "captured" and payment.order_cancelled)
    return (
        owed and payment.held_amount > 0 and not payment.refund_asked_amount and not payment.refunds_stopped
    )


def refund_again(payment: Payment, at: datetime, *, by: str = "") -> Settled:
    """Staff want a refund that failed, or was left to them, to be made: all that is here by now."""
    draft = Draft(payment, at, by)
    if may_refund_again(payment) and draft.move(RefundAsked, "refund asked again"):
        draft.ask("refund", payment.held_amount)
    return draft.done()


def may_refund_spare(payment: Payment, terms: Terms) -> bool:
    """Return whether more came than a paid order costs, and the rest may go back through the provider."""
    return payment.spare_amount > 0 and _may_refund_beside_the_order(payment, terms)


def _may_refund_beside_the_order(payment: Payment, terms: Terms) -> bool:
    """Return whether some of the money of a paid order may go back through the provider while the order goes on."""
    free = not payment.refund_asked_amount and not payment.refunds_stopped
    can = terms.part_refunds and terms.flow != "unmanaged"
    return payment.keeps_its_sale and free and can


def refund_spare(payment: Payment, terms: Terms, at: datetime, *, by: str) -> Settled:
    """Staff have the provider give back what was paid too much; the order stays paid."""
    draft = Draft(payment, at, by)
    if may_refund_spare(payment, terms):
        draft.stop_calling("refund_failed")
        draft.note("spare refund asked")
        draft.ask("refund", payment.spare_amount)
    return draft.done()


def part_refund_max(payment: Payment, terms: Terms) -> int:
    """Return up to what amount staff may have the provider give back of a paid order that goes on (PAY-18)."""
    return payment.held_amount if _may_refund_beside_the_order(payment, terms) else 0


def refund_part(
    payment: Payment, terms: Terms, at: datetime, *, amount: int, reason: str, by: str
) -> Settled:
    """Staff have the provider give back ``amount`` yen of a paid order, for a reason that its history keeps."""
    draft = Draft(payment, at, by)
    if 0 < amount <= part_refund_max(payment, terms):
        draft.stop_calling("refund_failed")
        draft.note("part refund asked", f"¥{amount:,} {reason}")
        draft.ask("refund", amount, of_sale=True)
    return draft.done()


def outside_amount_max(payment: Payment) -> int:
    """Return up to what amount staff may have given back by a way of their own."""
    return 0 if payment.refund_asked_amount else payment.held_amount


def settle_outside(
    payment: Payment, at: datetime, *, ref: str, amount: int, route: RefundRoute, note: str, by: str
) -> Settled:
    """Book what staff gave back by a way that no provider tells of; once by ``ref``."""
    draft = Draft(payment, at, by)
    if ref not in payment.refunds and 0 < amount <= outside_amount_max(payment):
        draft.note("settled outside", note)
        settled_outside(draft, ref, amount, route, "settled outside")
        draft.give_back_what_is_over()
    return draft.done()


def take_back_record(payment: Payment, at: datetime, *, ref: str, by: str) -> Settled:
    """Staff had written down money as given back that was not; only while no provider has told of it."""
    draft = Draft(payment, at, by)
    for told in payment.outside:
        if told.ref == ref:
            take_back_outside(draft, told, "outside taken back")
    return draft.done()


def may_take_back_deposits(payment: Payment, terms: Terms) -> bool:
    """Return whether staff may take back a deposit that they recorded: nothing of it is on its way back."""
    return terms.deposit == "by_hand" and not payment.refund_asked_amount and not payment.open_chargebacks


def take_back_deposit(
    payment: Payment, terms: Terms, at: datetime, *, receipt_id: str, amount: int, by: str
) -> Settled:
    """Staff had recorded a deposit of ``amount`` yen here that was never for this order."""
    draft = Draft(payment, at, by)
    if may_take_back_deposits(payment, terms) and 0 < amount <= payment.held_amount:
        told = Reversed(receipt_id=receipt_id, amount=amount)
        reverse(draft, told, "deposit taken back", by_mistake=True)
    return draft.done()


def may_accept_short(payment: Payment) -> bool:
    """Return whether too little came and staff may take it for the whole."""
    waits = payment.state in ("waiting", "short")
    certain = not payment.open_chargebacks and not payment.contradicted
    return waits and payment.held_amount > 0 and not payment.order_cancelled and certain


def accept_short(
    payment: Payment, terms: Terms, at: datetime, *, by: str, send_mail: bool = False
) -> Settled:
    """Staff take what is here for the whole: the order is paid, and with ``send_mail`` its buyer is told so."""
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
    """Return whether money that was to go back may pay for an order that goes on: nothing of it is on its way, nor disputed."""
    over = payment.state in ("owed", "refunded") and not payment.order_cancelled
    return (
        over and payment.held_amount > 0 and not payment.refund_asked_amount and not payment.refunds_stopped
    )


def kept_amount(payment: Payment) -> int:
    """Return how much of what is here the order would keep: no more than it costs; what is beyond belongs to no order."""
    return min(payment.held_amount, max(payment.amount, payment.sale_amount))


def keep_for_order(
    payment: Payment, terms: Terms, at: datetime, *, by: str, send_mail: bool = False
) -> Settled:
    """Staff let money that was to go back pay for the order after all, be it less than the whole."""
    draft = Draft(payment, at, by)
    if may_keep(payment):
        amount = kept_amount(payment) - payment.sale_amount
        draft.book(journal.allocated(f"kept:{payment.version}", amount))
        draft.change(
            captured_amount=payment.captured_amount + amount,
            suspense_amount=payment.suspense_amount - amount,
            provider_status=CAPTURED if payment.authorization_id else "",
        )
        draft.stop_calling(*ABOUT_SPARE_MONEY, "refund_failed")
        draft.move(ShortMoneyAccepted, "kept for the order")
        call_spare(draft, draft.payment.spare_amount)
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


def void_hold(payment: Payment, at: datetime, *, by: str) -> Settled:
    """Staff give the hold back; the order hears that nothing is held any more."""
    draft = Draft(payment, at, by)
    let_go(draft, "void asked")
    return draft.done()


def owes_nothing(payment: Payment) -> bool:
    """Return whether the order keeps all that is here, so that a refund which failed was a wish of staff."""
    return payment.keeps_its_sale and not payment.spare_amount


def to_be_seen(payment: Payment) -> tuple[str, ...]:
    """Return the calls that staff may mark as seen; an open a chargeback or money that is spare goes on calling.

    A part refund that failed leaves nothing owed: whether to try again is theirs to decide.
    """
    blocked = {"excess_money", "late_money"} if payment.spare_amount else set()
    blocked |= {"chargeback"} if payment.open_chargebacks else set()
    wished = ("refund_failed",) if owes_nothing(payment) else ()
    unwanted = OVER_WITH_THE_ORDER if payment.order_cancelled else ()
    seen = (*TO_BE_SEEN, *wished, *unwanted)
    return tuple(word for word in payment.calls if word in seen and word not in blocked)


def mark_seen(payment: Payment, terms: Terms, at: datetime, *, by: str) -> Settled:
    """Staff have seen what calls for a person and needs no deed of ours; what the provider tells of doubted money counts."""
    draft = Draft(payment, at, by)
    if seen := to_be_seen(payment):
        draft.note("marked as seen")
        draft.stop_calling(*seen)
        if payment.doubted_refunds:
            _end_doubted_refund(draft)
        book_as_told(draft, terms, "marked as seen")
        book_refunds_as_told(draft, "marked as seen")
        draft.give_back_what_is_over()
    return draft.done()


def _end_doubted_refund(draft: Draft) -> None:
    """Staff have seen a refund that is not as large as was asked: it counts as the provider tells it, and what is left is
    theirs to ask for anew, or to give back by another way."""
    draft.change(doubted_refunds=())
    refund_declined(draft, RefundDeclined(reason="amount_differs"), "marked as seen", ours=True)


def lost_amount_max(payment: Payment, reference: str) -> int | None:
    """Return up to what amount a chargeback can be lost, in yen: what is disputed; None where nobody told."""
    told = (one.amount for one in payment.open_chargebacks if one.reference == reference)
    return next(told, 0) or None


def decide_chargeback(
    payment: Payment,
    at: datetime,
    *,
    reference: str,
    state: Literal["won", "lost"],
    by: str,
    amount: int | None = None,
) -> Settled:
    """Staff enter how a chargeback ended, where the provider does not tell: what is lost is gone.

    ``amount`` in yen is what was lost, where that is less than what is disputed, or the provider named no amount.
    """
    draft = Draft(payment, at, by)
    for one in payment.open_chargebacks:
        if one.reference == reference:
            taken = amount if state == "lost" else None
            decided = replace(one, state=state, amount=taken or one.amount, disputed_amount=one.disputed)
            let_stand(draft, decided, f"chargeback {state}")
    draft.give_back_what_is_over()
    return draft.done()


def reopen_chargeback(payment: Payment, at: datetime, *, reference: str, reason: str, by: str) -> Settled:
    """Staff take back how a chargeback ended, for a reason that its history keeps: it is open again, with its deadline; what
    was booked as lost is here again, with what covered it."""
    draft = Draft(payment, at, by)
    one = payment.chargeback(reference)
    if one is not None and one.state != "open":
        opened = replace(one, state="open", amount=one.disputed, disputed_amount=one.disputed)
        let_stand(draft, opened, "chargeback reopened", reason)
    return draft.done()
