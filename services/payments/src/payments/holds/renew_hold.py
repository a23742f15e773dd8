"""Staff have the money held anew (AP-34)."""

from collections.abc import Mapping
from datetime import datetime

from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.rules import asking
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.payment.rules.watching import MethodFacts
from shared.database.transactions import Tx


async def renew_hold(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, *, version: int, by: str
) -> Acted:
    """Have what is missing held once more; a hold that stands is given back first. Raises Refused as
    :func:`act_on_payment` does."""

    def deed(payment: Payment, terms: Terms, at: datetime) -> Settled:
        return asking.reauthorize(payment, terms, at, by=by)

    return await act_on_payment(tx, methods, order_code, deed, version=version)
