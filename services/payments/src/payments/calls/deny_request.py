"""Staff deny that a request was done."""

from collections.abc import Mapping

from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import PaymentForm
from payments.payment.rules.contradictions.deny import deny
from payments.payment.rules.next_look import MethodFacts
from shared.database.transactions import Tx


async def deny_request(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: PaymentForm, *, by: str
) -> Acted:
    """End a request that was not done. Raises Refused as :func:`act_on_payment` does."""
    return await act_on_payment(
        tx,
        methods,
        order_code,
        form.version,
        lambda payment, terms, at: deny(payment, terms, at, by=by),
    )
