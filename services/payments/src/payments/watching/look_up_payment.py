"""Staff have the provider asked about a payment now."""

from collections.abc import Mapping
from typing import Any

from payments.payment.look_soon import look_soon
from payments.payment.rows import lock_order_payment, unknown_order
from shared.database.transactions import Tx
from shared.events import PaymentLookUpRequested


async def look_up_payment(tx: Tx, order_code: str, done_by: Mapping[str, Any]) -> None:
    """Make a look-up due now, also for a payment that is over. A payment without a provider gets none.

    If a look-up is due already, the caller gets that one, and it is one deed. ``done_by`` are the fields of a desk
    event about the person. Raises Refused for an order that is not known.
    """
    payment = await lock_order_payment(tx, order_code)
    if payment is None:
        raise unknown_order()
    if payment.state != "unmanaged" and await look_soon(tx, [payment.payment_id], also_unwatched=True):
        tx.say(PaymentLookUpRequested(**done_by, subject=order_code, order_code=order_code))
