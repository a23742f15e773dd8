"""Whether an answer of the provider tells anything that is not known, or may be booked by it. Pure."""

from payments.payment.rules.answers import Answer, Authorized, Captured, RefundDeclined, Refunded
from payments.payment.rules.moves import ENDS_A_HOLD
from payments.payment.rules.payment import Payment


def doubts(payment: Payment, answer: Refunded) -> bool:
    """Whether the amount of a refund is still not what was asked: until a person has looked, it does not count."""
    return answer.refund_ref in payment.doubted_refunds and answer.amount != payment.refund_asked_amount


def heard_before(payment: Payment, answer: Answer) -> bool:
    """Whether ``answer`` is old news: of a refund that is known, or in doubt, or of a hold that was over before the
    present one. What it tells of the refund of ours that is under way is none."""
    match answer:
        case Refunded() if doubts(payment, answer):
            return True
        case Refunded() | RefundDeclined() if payment.is_ours(answer.refund_ref):
            return False
        case Refunded():
            return answer.refund_ref in payment.refunds
        case RefundDeclined():
            return answer.refund_ref in (*payment.refunds, *payment.failed_refunds)
        case Authorized():
            return answer.authorization_id in payment.ended_holds
        case Captured():
            # Where there is one hold, captured once, a receipt told again still says that a number cannot be
            # closed, unless it came to nothing.
            known = answer.receipt_id in payment.receipts
            several = bool(payment.ended_holds or payment.parts)
            return answer.receipt_id in payment.reversals or (several and known)
    return isinstance(answer, ENDS_A_HOLD) and answer.authorization_id in payment.ended_holds
