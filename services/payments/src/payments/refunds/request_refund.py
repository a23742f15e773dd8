"""Staff request a refund of a part from the provider. A refund of all, or of an excess, has no form (``desk/deeds.py``)."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import PaymentForm
from payments.payment.rules.drafting import Settled
from payments.payment.rules.next_look import MethodFacts
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.refunds import rules
from shared.database.transactions import Tx
from shared.web.fields import PaidYen, Text


class RefundPart(PaymentForm):
    """The part of a paid order's money that the provider shall refund, and the reason."""

    refund_amount: PaidYen = Field(title="返金額")
    refund_reason: Text = Field(title="返金の理由", max_length=200)


async def refund_part(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: RefundPart, *, by: str
) -> Acted:
    """Request a refund of a part of a paid order, with a reason for its history.

    Raises Refused if the amount is too high, and as :func:`act_on_payment` does.
    """
    amount, reason = form.refund_amount, form.refund_reason

    def rule(payment: Payment, terms: Terms, at: datetime) -> Settled:
        rules.check_within(rules.part_refund_max(payment, terms), amount, "refund_amount")
        return rules.refund_part(payment, terms, at, amount=amount, reason=reason, by=by)

    return await act_on_payment(tx, methods, order_code, form.version, rule, asks_refund=True)
