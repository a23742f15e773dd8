"""Staff take what came in for the whole that the order costs."""

from collections.abc import Mapping
from datetime import datetime

from payments.deposits import rules
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.payment.rules.watching import MethodFacts
from shared.database.transactions import Tx


async def accept_short_money(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, *, send_mail: bool, version: int, by: str
) -> Acted:
    """Let what is here count as the whole. Raises Refused as :func:`act_on_payment` does."""

    def deed(payment: Payment, terms: Terms, at: datetime) -> Settled:
        return rules.accept_short(payment, terms, at, by=by, send_mail=send_mail)

    return await act_on_payment(tx, methods, order_code, deed, version=version)
