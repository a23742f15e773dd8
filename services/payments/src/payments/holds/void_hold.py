"""Staff give a hold back: the money stays with the buyer."""

from collections.abc import Mapping
from datetime import datetime

from payments.holds import rules
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.payment.rules.watching import MethodFacts
from shared.database.transactions import Tx


async def void_hold(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, *, version: int, by: str
) -> Acted:
    """Have the hold given back. Raises Refused as :func:`act_on_payment` does."""

    def deed(payment: Payment, _: Terms, at: datetime) -> Settled:
        return rules.void_hold(payment, at, by=by)

    return await act_on_payment(tx, methods, order_code, deed, version=version)
