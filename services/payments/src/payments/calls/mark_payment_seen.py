"""Staff have seen what calls for a person; no money moves, but what the provider tells of doubted money is booked."""

from collections.abc import Mapping

from payments.calls import rules
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import PaymentForm
from payments.payment.rules.watching import MethodFacts
from shared.database.transactions import Tx


async def mark_payment_seen(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, asked: PaymentForm, *, by: str
) -> Acted:
    """Take the calls off a payment that are over once they are seen. Raises Refused as :func:`act_on_payment` does."""
    return await act_on_payment(
        tx,
        methods,
        order_code,
        asked.version,
        lambda payment, terms, at: rules.mark_seen(payment, terms, at, by=by),
    )
