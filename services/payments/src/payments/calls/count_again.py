"""Staff count a disowned object again."""

from collections.abc import Mapping

from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import OneObject
from payments.payment.locked_payments import LockedPayments
from payments.payment.look_soon import look_soon
from payments.payment.records import find_order_of_receipt
from payments.payment.rows import find_order_payment, lock_order_payments
from payments.payment.rules.contradictions.count_again import count_again as count_object_again
from payments.payment.rules.contradictions.count_again import record_order_of_receipt
from payments.payment.rules.next_look import MethodFacts
from payments.payment.rules.payment import Payment
from payments.payment.rules.reports.objects import stands_here
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused


async def count_again(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: OneObject, *, by: str
) -> Acted:
    """Count the disowned object ``form.ref``, by the provider's id, as this order's again, and look the payment up.

    The order that had disowned a receipt then knows its order. Raises Refused as :func:`act_on_payment` does, and for a receipt that another order has in its books.
    """
    seen = await find_order_payment(tx, order_code)
    locked: Mapping[str, Payment] = {}
    other = await find_order_of_receipt(tx, seen.method, form.ref) if seen is not None else ""
    if other not in ("", order_code):
        locked = await lock_order_payments(tx, [order_code, other])
        if other in locked and stands_here(locked[other], form.ref):
            raise Refused("booked_elsewhere", f"この入金は、いま注文{other}に記録されています。")

    acted = await act_on_payment(
        tx,
        methods,
        order_code,
        form.version,
        lambda payment, terms, at: count_object_again(payment, terms, at, ref=form.ref, by=by),
    )
    if other in locked:
        at = now()
        batch = LockedPayments([locked[other]])
        batch.add(record_order_of_receipt(locked[other], at, ref=form.ref, order_code=order_code))
        await batch.save(tx, methods, at)
    await look_soon(tx, [acted.payment.payment_id], also_unwatched=True)
    return acted
