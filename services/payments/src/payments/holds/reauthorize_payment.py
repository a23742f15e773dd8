"""Staff request a new hold (AP-34)."""

from collections.abc import Mapping

from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import PaymentForm
from payments.payment.rules import order_wishes
from payments.payment.rules.next_look import MethodFacts
from shared.database.transactions import Tx


async def reauthorize_payment(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: PaymentForm, *, by: str
) -> Acted:
    """Request a new hold of the missing amount. A hold that still exists is released first.

    Raises Refused as :func:`act_on_payment` does.
    """
    return await act_on_payment(
        tx,
        methods,
        order_code,
        form.version,
        lambda payment, terms, at: order_wishes.reauthorize(payment, terms, at, by=by),
    )
