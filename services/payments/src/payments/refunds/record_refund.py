"""Staff record what they gave back by a way of their own, or that they did not after all."""

from collections.abc import Mapping
from datetime import datetime

from payments.payment.act_on_payment import Acted, act_on_payment, recorded_already
from payments.payment.rows import has_note, is_recorded
from payments.payment.rules.answers import RefundRoute
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.payment.rules.watching import MethodFacts
from payments.payment.words import ROUTES
from payments.refunds import rules
from payments.refunds.rules import check_within
from shared.database.transactions import Tx


async def record_refund(
    tx: Tx,
    methods: Mapping[str, MethodFacts],
    order_code: str,
    *,
    returned_amount: int,
    route: RefundRoute,
    note: str,
    refund_id: str,
    version: int,
    by: str,
) -> Acted:
    """Book ``returned_amount`` yen as given back by ``route``, once under ``refund_id``.

    Raises Refused for more than is here, for the ``refund_id`` of another record, and as :func:`act_on_payment` does.
    """

    written = f"{ROUTES[route]} ¥{returned_amount:,} {note}"

    def deed(payment: Payment, _: Terms, at: datetime) -> Settled:
        check_within(rules.outside_amount_max(payment), returned_amount, "returned_amount")
        return rules.settle_outside(
            payment,
            at,
            ref=refund_id,
            amount=returned_amount,
            route=route,
            note=written,
            by=by,
        )

    async def repeated(payment: Payment) -> bool:
        if refund_id not in payment.refunds:
            if await is_recorded(tx, refund_id, ("refund", "suspense_returned")):
                raise recorded_already()
            return False
        same = any(
            (one.ref, one.amount, one.route) == (refund_id, returned_amount, route) for one in payment.outside
        )
        if not same or not await has_note(tx, payment, written):
            raise recorded_already()
        return True

    return await act_on_payment(tx, methods, order_code, deed, version=version, repeated=repeated)


async def take_back_refund(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, *, ref: str, version: int, by: str
) -> Acted:
    """Take a refund recorded as ``ref`` out of the books again. Raises Refused as :func:`act_on_payment` does."""

    def deed(payment: Payment, _: Terms, at: datetime) -> Settled:
        return rules.take_back_record(payment, at, ref=ref, by=by)

    return await act_on_payment(tx, methods, order_code, deed, version=version)
