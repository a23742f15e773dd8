"""Staff disown an object of the provider."""

from collections.abc import Mapping
from dataclasses import replace

from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import OneObject
from payments.payment.records import find_order_of_receipt
from payments.payment.rows import find_order_payment, lock_order_payments
from payments.payment.rules.contradictions.disown import disown, may_disown_receipt
from payments.payment.rules.next_look import MethodFacts
from payments.payment.rules.reports.objects import stands_here
from shared.database.transactions import Tx

_BOOKED_NOWHERE = "この入金は、どの注文にも記録されていません。要確認の一覧に表示します"


async def disown_object(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: OneObject, *, by: str
) -> Acted:
    """Assign the reported object ``form.ref`` to another order. Raises Refused as :func:`act_on_payment` does.

    The result names the order on which a receipt is booked now. A receipt without an order calls for a person.
    """
    is_receipt, booked_on = await _where_else(tx, order_code, form.ref)
    acted = await act_on_payment(
        tx,
        methods,
        order_code,
        form.version,
        lambda payment, terms, at: disown(payment, terms, at, ref=form.ref, by=by, booked_on=booked_on),
    )
    if not is_receipt:
        return acted
    return replace(
        acted, more_text=f"この入金は注文{booked_on}に記録されています" if booked_on else _BOOKED_NOWHERE
    )


async def _where_else(tx: Tx, order_code: str, ref: str) -> tuple[bool, str]:
    """Return whether ``ref`` is a receipt, and the code of the other order that has it in its books, or ""."""
    seen = await find_order_payment(tx, order_code)
    if seen is None or not may_disown_receipt(seen, ref):
        return False, ""
    other = await find_order_of_receipt(tx, seen.method, ref)
    if other in ("", order_code):
        return True, ""
    # Both are locked in one order, so that nothing is said that ends before it is stored.
    locked = await lock_order_payments(tx, [order_code, other])
    return True, other if other in locked and stands_here(locked[other], ref) else ""
