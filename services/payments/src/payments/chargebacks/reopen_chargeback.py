"""Staff take back the decision of a chargeback, so that it can be decided again."""

from collections.abc import Mapping

from pydantic import Field

from payments.chargebacks import rules
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import PaymentForm
from payments.payment.rules.next_look import MethodFacts
from shared.database.transactions import Tx
from shared.web.fields import Line, Text


class ReopenChargeback(PaymentForm):
    """Take back the decision of a chargeback, with the reason."""

    reference: Line = Field(title="申し立て番号", max_length=200)
    reopen_reason: Text = Field(title="取り消す理由", max_length=200)


async def reopen_chargeback(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: ReopenChargeback, *, by: str
) -> Acted:
    """Reopen a chargeback that was won or lost, and book the opposite of everything that was booked for it.

    Raises Refused as :func:`act_on_payment` does.
    """
    return await act_on_payment(
        tx,
        methods,
        order_code,
        form.version,
        lambda payment, _, at: rules.reopen_chargeback(
            payment, at, reference=form.reference, reason=form.reopen_reason, by=by
        ),
    )
