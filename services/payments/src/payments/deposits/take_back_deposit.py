"""Staff take back a deposit that they recorded on the wrong order."""

from collections.abc import Mapping

from payments.deposits import rules
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import OneObject
from payments.payment.records import amount_of_receipt
from payments.payment.rules.next_look import MethodFacts
from shared.database.transactions import Tx


async def take_back_deposit(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: OneObject, *, by: str
) -> Acted:
    """Take the deposit recorded as ``form.ref`` out of the books. Raises Refused as :func:`act_on_payment` does."""
    amount = await amount_of_receipt(tx, order_code, form.ref)
    return await act_on_payment(
        tx,
        methods,
        order_code,
        form.version,
        lambda payment, terms, at: rules.take_back_deposit(
            payment, terms, at, receipt_id=form.ref, amount=amount, by=by
        ),
    )
