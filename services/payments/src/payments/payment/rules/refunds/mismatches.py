"""A known refund that the provider reports with another amount, or no longer. Booked after staff have seen it. Pure."""

from payments.payment.rules.answers import Refunded, RefundedInAll
from payments.payment.rules.drafting import Draft
from payments.payment.rules.refunds.bookings import book_refund
from payments.payment.rules.refunds.names import SUM, next_name, route_of
from payments.payment.rules.refunds.taking_back import take_back_reported_refund


def check_reported_sum(draft: Draft, answer: RefundedInAll) -> None:
    """Call a person if the provider's sum of refunds is below the booked sum. Its earlier report cannot be true then."""
    payment, amount = draft.payment, answer.amount
    others = {one: reported for one, reported in payment.refund_amounts_in_doubt.items() if one != SUM}
    if amount < min(answer.expected_before, payment.reported_refunds_amount):
        if payment.refund_amounts_in_doubt.get(SUM) != amount:
            draft.change(refund_amounts_in_doubt={**others, SUM: amount})
            draft.call("refund reported otherwise")
            draft.note("refund told otherwise", f"¥{payment.reported_refunds_amount:,} → ¥{amount:,}")
    elif SUM in payment.refund_amounts_in_doubt:
        draft.change(refund_amounts_in_doubt=others)


def call_for_missing_refund(draft: Draft, ref: str) -> None:
    """Call a person for a refund that was reported once and is not reported any more."""
    payment = draft.payment
    booked = payment.refund_amounts.get(ref, 0)
    if booked and payment.refund_amounts_in_doubt.get(ref) != 0:
        draft.change(refund_amounts_in_doubt={**payment.refund_amounts_in_doubt, ref: 0})
        draft.call("refund reported otherwise")
        draft.note("refund told no more", f"¥{booked:,}")


def disown_refund(draft: Draft, ref: str, because: str) -> None:
    """Take a disowned refund out of the books."""
    payment = draft.payment
    booked = payment.refund_amounts.get(ref, payment.own_refunds.get(ref, 0))
    draft.change(
        refund_amounts_in_doubt={
            one: reported
            for one, reported in payment.refund_amounts_in_doubt.items()
            if one not in (ref, SUM)
        },
        refund_amounts={one: reported for one, reported in payment.refund_amounts.items() if one != ref},
        own_refunds={one: reported for one, reported in payment.own_refunds.items() if one != ref},
    )
    take_back_reported_refund(draft, ref, booked, because)
    if not draft.payment.refunded_elsewhere_amount:
        draft.end_calls("no refund by others left")


def count_refund_again(draft: Draft, ref: str, amount: int, because: str, *, by_noren: bool) -> None:
    """Book a disowned refund as the provider reports it.

    The provider's sum may have it already. ``by_noren``: it answered a request of Noren. If that was repeated for the same
    amount, this is the answer to the repetition, too.
    """
    payment = draft.payment
    if by_noren and payment.refund_requested_amount == amount:
        draft.deny("refund")
        draft.end_refund()
    draft.change(
        refunds=payment.refunds if ref in payment.refunds else (*payment.refunds, ref),
        refund_amounts={**payment.refund_amounts, ref: amount},
        own_refunds={**payment.own_refunds, ref: amount} if by_noren else payment.own_refunds,
    )
    _book_more(draft, ref, amount, because, by_noren=by_noren)
    if by_noren and draft.payment.owes_nothing and payment.refund_failed_amount == amount:
        draft.end_calls("failed refund counted again")
        draft.change(refund_failed_amount=0)


def check_reported_refund(draft: Draft, answer: Refunded) -> None:
    """Call a person about another amount, until the booked amount is reported again.

    A refund from before amounts were kept changes nothing.
    """
    payment, ref = draft.payment, answer.refund_ref
    booked = payment.refund_amounts.get(ref, payment.own_refunds.get(ref))
    if booked is None or payment.refund_amounts_in_doubt.get(ref, booked) == answer.amount:
        return
    others = {one: reported for one, reported in payment.refund_amounts_in_doubt.items() if one != ref}
    if answer.amount == booked:
        draft.change(refund_amounts_in_doubt=others)
        return
    draft.change(refund_amounts_in_doubt={**others, ref: answer.amount})
    draft.call("refund reported otherwise")
    draft.note("refund told otherwise", f"¥{booked:,} → ¥{answer.amount:,}")


def book_refunds_as_reported(draft: Draft, because: str) -> None:
    """Book the difference between the reported and the booked amounts of refunds, after staff have seen it.

    Each difference is its own movement.
    """
    if SUM in draft.payment.refund_amounts_in_doubt:
        _book_sum_as_reported(draft, because)
    for ref, reported in draft.payment.refund_amounts_in_doubt.items():
        payment = draft.payment
        more = reported - payment.refund_amounts.get(ref, payment.own_refunds.get(ref, 0))
        by_noren = ref in payment.own_refunds
        draft.change(
            refund_amounts_in_doubt={
                one: left for one, left in payment.refund_amounts_in_doubt.items() if one != ref
            },
            refund_amounts={**payment.refund_amounts, ref: reported},
            own_refunds={**payment.own_refunds, ref: reported} if by_noren else payment.own_refunds,
        )
        if more > 0:
            _book_more(draft, ref, more, because, by_noren=by_noren)
        else:
            take_back_reported_refund(draft, ref, -more, because)


def _book_more(draft: Draft, ref: str, amount: int, because: str, *, by_noren: bool) -> None:
    """Book ``amount`` more yen of a refund, without those that the provider's sum reported before."""
    payment = draft.payment
    known = min(payment.unnamed_refund_amount, amount)
    draft.change(unnamed_refund_amount=payment.unnamed_refund_amount - known)
    if amount > known:
        name, route = next_name(payment, ref), route_of(payment, ref)
        book_refund(draft, name, amount - known, route, because, by_noren=by_noren)


def _book_sum_as_reported(draft: Draft, because: str) -> None:
    """Take back what the provider's sum does not count: first refunds without ids, then the latest reported ones."""
    payment = draft.payment
    reported = payment.refund_amounts_in_doubt[SUM]
    missing = payment.reported_refunds_amount - reported
    draft.change(
        refund_amounts_in_doubt={
            one: left for one, left in payment.refund_amounts_in_doubt.items() if one != SUM
        }
    )
    if unnamed := min(missing, payment.unnamed_refund_amount):
        missing -= unnamed
        own = {ref: amount for ref, amount in payment.own_refunds.items() if not ref.startswith(SUM)}
        draft.change(unnamed_refund_amount=payment.unnamed_refund_amount - unnamed, own_refunds=own)
        take_back_reported_refund(draft, SUM, unnamed, because)
    for ref, booked in reversed(list(payment.refund_amounts.items())):
        less = min(missing, booked)
        if less > 0:
            missing -= less
            amounts = {**draft.payment.refund_amounts, ref: booked - less}
            own = {one: amount for one, amount in draft.payment.own_refunds.items() if one != ref}
            draft.change(refund_amounts=amounts, own_refunds=own)
            take_back_reported_refund(draft, ref, less, because)
