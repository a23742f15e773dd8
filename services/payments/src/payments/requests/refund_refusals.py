"""What a refused refund is worth. Pure.

A provider may book a refund and still refuse it. So a look-up comes before staff are told that it failed.
"""

from collections.abc import Sequence
from datetime import datetime

from payments.payment.locked_payments import settle_answers
from payments.payment.rules.answers import Answer, RefundDeclined, Refunded, Unknown
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms


def needs_look_up(answer: Answer) -> bool:
    """Return whether a look-up must confirm a refused refund. One with the provider's id needs none."""
    return isinstance(answer, RefundDeclined) and not answer.refund_ref


def judge_refused_refund(
    payment: Payment,
    before: Sequence[Answer],
    after: Sequence[Answer],
    refused: Answer,
    *,
    amount: int,
    at: datetime,
    terms: Terms,
) -> Answer:
    """Return the result of a refund of ``amount`` yen that was ``refused``, from the look-up ``after`` it.

    - The refund that is new in the look-up, if its amount is equal. A disowned one is not new.
    - ``Unknown`` if the look-up has no answer, reports that other money is gone, or reports a disowned object that
      staff have not seen since.
    - Else the refusal.

    ``before`` has the answers of an earlier look-up, which cannot be this refund.
    """
    if silent := [one for one in after if isinstance(one, Unknown)]:
        return silent[-1]
    known = settle_answers(payment, None, before, at, terms).payment
    new = [
        one
        for one in after
        if isinstance(one, Refunded) and one.refund_ref not in (*known.refunds, *known.disowned)
    ]
    if same := [one for one in new if one.amount == amount]:
        return same[-1]
    now_known = settle_answers(payment, None, after, at, terms).payment
    if now_known.reported_again:
        return Unknown(reason="refused_and_reported_again", mismatch=True)
    more = now_known.reported_refunds_amount > known.reported_refunds_amount
    return Unknown(reason="refused_and_gone") if more else refused
