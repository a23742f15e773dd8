"""Staff take back how a chargeback ended, so that it can be decided anew."""

from collections.abc import Mapping
from datetime import datetime

from payments.chargebacks import rules
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.payment.rules.watching import MethodFacts
from shared.database.transactions import Tx


async def reopen_chargeback(
    tx: Tx,
    methods: Mapping[str, MethodFacts],
    order_code: str,
    *,
    reference: str,
    reopen_reason: str,
    version: int,
    by: str,
) -> Acted:
    """Let a chargeback that was won or lost be open again, with all that was booked of it undone.

    Raises Refused as :func:`act_on_payment` does.
    """

    def deed(payment: Payment, _: Terms, at: datetime) -> Settled:
        return rules.reopen_chargeback(payment, at, reference=reference, reason=reopen_reason, by=by)

    return await act_on_payment(tx, methods, order_code, deed, version=version)
