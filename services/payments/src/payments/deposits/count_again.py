"""Staff count a receipt again of which they had said that it is not this order's."""

from collections.abc import Mapping

from payments.deposits import rules
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import TakeBack
from payments.payment.rules.watching import MethodFacts
from shared.database.transactions import Tx


async def count_again(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: TakeBack, *, by: str
) -> Acted:
    """Book the receipt ``form.ref``, by the provider's id, for this order again. Raises Refused as :func:`act_on_payment` does."""
    return await act_on_payment(
        tx,
        methods,
        order_code,
        form.version,
        lambda payment, terms, at: rules.count_again(payment, terms, at, receipt_id=form.ref, by=by),
    )
