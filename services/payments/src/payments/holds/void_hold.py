"""Staff release a hold. The money stays with the buyer."""

from collections.abc import Mapping

from payments.holds import rules
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import PaymentForm
from payments.payment.rules.next_look import MethodFacts
from shared.database.transactions import Tx


async def void_hold(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: PaymentForm, *, by: str
) -> Acted:
    """Request the release of the hold. Raises Refused as :func:`act_on_payment` does."""
    return await act_on_payment(
        tx,
        methods,
        order_code,
        form.version,
        lambda payment, _, at: rules.void_hold(payment, at, by=by),
    )
