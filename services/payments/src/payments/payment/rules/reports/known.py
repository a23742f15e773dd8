"""Whether an answer of the provider reports anything new that may be booked. Pure."""

from payments.payment.rules.answers import Answer, Authorized, Captured, RefundDeclined, Refunded
from payments.payment.rules.moves import ENDS_A_HOLD
from payments.payment.rules.payment import Payment
from payments.payment.rules.refunds.answers import is_in_doubt


def reported_before(payment: Payment, answer: Answer) -> bool:
    """Return whether ``answer`` reports nothing new.

    It is about a refund that is known or in doubt, or about a hold that had ended before the present one. A report
    about Noren's refund in progress is always new.
    """
    match answer:
        case Refunded() if is_in_doubt(payment, answer):
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
            # With one hold, captured once, the known receipt still shows that a number cannot be closed, unless the
            # receipt was taken back.
            known = answer.receipt_id in payment.receipts
            several = bool(payment.ended_holds or payment.parts)
            return answer.receipt_id in payment.reversals or (several and known)
    return isinstance(answer, ENDS_A_HOLD) and answer.authorization_id in payment.ended_holds
