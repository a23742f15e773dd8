"""What a refusal of a refund is worth. A provider may book a refund and refuse it all the same, so a look comes before staff are
told that it failed. Pure."""

from collections.abc import Sequence
from datetime import datetime

from payments.payment.locked_payments import settle_answers
from payments.payment.rules.answers import Answer, RefundDeclined, Refunded, Unknown
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms


def is_to_be_seen(answer: Answer) -> bool:
    """Tell whether a look has to show that a refund was refused: what has an id of the provider's is known by that."""
    return isinstance(answer, RefundDeclined) and not answer.refund_ref


def seen(
    payment: Payment,
    before: Sequence[Answer],
    after: Sequence[Answer],
    refused: Answer,
    *,
    amount: int,
    at: datetime,
    terms: Terms,
) -> Answer:
    """Return what became of a refund of ``amount`` yen that was ``refused``: the refund that is new in the look ``after`` it,
    ``Unknown`` where the look is no answer or tells that other money is gone, else the refusal.

    ``before`` is what of a look before the call cannot be of this refund.
    """
    if silent := [one for one in after if isinstance(one, Unknown)]:
        return silent[-1]
    known = settle_answers(payment, None, before, at, terms).payment
    new = [one for one in after if isinstance(one, Refunded) and one.refund_ref not in known.refunds]
    if same := [one for one in new if one.amount == amount]:
        return same[-1]
    now_known = settle_answers(payment, None, after, at, terms).payment
    more = now_known.told_refunds_amount > known.told_refunds_amount
    return Unknown(reason="refused_and_gone") if more else refused
