"""Staff let money that was to go back pay for an order that goes on."""

from collections.abc import Mapping
from datetime import datetime

from payments.deposits import rules
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.payment.rules.watching import MethodFacts
from shared.database.transactions import Tx


async def keep_money(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, *, send_mail: bool, version: int, by: str
) -> Acted:
    """Let what is here pay for the order, be it less than the whole. Raises Refused as :func:`act_on_payment` does."""

    def deed(payment: Payment, terms: Terms, at: datetime) -> Settled:
        return rules.keep_for_order(payment, terms, at, by=by, send_mail=send_mail)

    return await act_on_payment(tx, methods, order_code, deed, version=version)
