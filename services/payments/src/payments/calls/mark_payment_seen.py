"""Staff mark the calls of a payment as seen. Only money that the provider reports otherwise is then booked."""

from collections.abc import Mapping

from payments.calls import rules
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import PaymentForm
from payments.payment.rules.next_look import MethodFacts
from shared.database.transactions import Tx


async def mark_payment_seen(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: PaymentForm, *, by: str
) -> Acted:
    """Remove the calls that end when a person has seen them. Raises Refused as :func:`act_on_payment` does."""
    return await act_on_payment(
        tx,
        methods,
        order_code,
        form.version,
        lambda payment, terms, at: rules.mark_seen(payment, terms, at, by=by),
    )
