"""Staff take back a deposit that was recorded on the wrong order."""

from collections.abc import Mapping
from datetime import datetime

from payments.deposits import rules
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.rows import amount_of_receipt
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.payment.rules.watching import MethodFacts
from shared.database.transactions import Tx


async def take_back_deposit(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, *, ref: str, version: int, by: str
) -> Acted:
    """Take the deposit recorded as ``ref`` out of the books again. Raises Refused as :func:`act_on_payment` does."""
    amount = await amount_of_receipt(tx, order_code, ref)

    def deed(payment: Payment, terms: Terms, at: datetime) -> Settled:
        return rules.take_back_deposit(payment, terms, at, receipt_id=ref, amount=amount, by=by)

    return await act_on_payment(tx, methods, order_code, deed, version=version)
