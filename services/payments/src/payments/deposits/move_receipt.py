"""Staff move a receipt that the provider reported for two orders to the order that it belongs to."""

from collections.abc import Mapping

from payments.deposits import rules
from payments.payment.act_on_payment import Acted, changed_meanwhile, not_possible
from payments.payment.forms import OneObject
from payments.payment.locked_payments import LockedPayments
from payments.payment.look_soon import look_soon
from payments.payment.records import amount_of_receipt, find_order_of_receipt
from payments.payment.rows import find_order_payment, lock_order_payments, unknown_order
from payments.payment.rules.next_look import MethodFacts
from shared.clock import now
from shared.database.transactions import Tx


async def move_receipt(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: OneObject, *, by: str
) -> Acted:
    """Take the receipt ``form.ref`` out of the books of its present order, and book it here.

    Raises Refused in these cases:

    - the order is not known;
    - the payment is not as staff saw it;
    - no such receipt was reported for this order.
    """
    ref = form.ref
    seen = await find_order_payment(tx, order_code)
    if seen is None:
        raise unknown_order()
    origin = await find_order_of_receipt(tx, seen.method, ref)
    locked = await lock_order_payments(tx, [order_code, origin])
    here, there = locked[order_code], locked.get(origin)
    if here.version != form.version:
        raise changed_meanwhile()
    if there is None or not rules.may_move_here(here, ref) or not rules.may_move_away(there, ref):
        raise not_possible()
    name = there.receipt_names.get(ref, ref)
    amount = there.booked_of(name) or await amount_of_receipt(tx, origin, name)
    at, terms = now(), methods[here.method].terms
    batch = LockedPayments([here, there])
    batch.add(rules.move_away(there, terms, at, receipt_id=ref, to=order_code, by=by))
    came_at = there.received_at or at
    batch.add(rules.move_here(here, terms, at, receipt_id=ref, amount=amount, captured_at=came_at, by=by))
    await batch.save(tx, methods, at)
    await look_soon(tx, [here.payment_id, there.payment_id], also_unwatched=True)
    return Acted(batch.payment(here.payment_id), booked=True)
