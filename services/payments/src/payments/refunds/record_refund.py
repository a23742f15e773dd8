"""Staff record a refund that they made by another way, or take such a record back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from payments.payment.act_on_payment import Acted, act_on_payment, recorded_already
from payments.payment.forms import OneObject, PaymentForm, RecordId
from payments.payment.labels import ROUTES
from payments.payment.records import has_note, is_recorded
from payments.payment.rules.drafting import Settled
from payments.payment.rules.next_look import MethodFacts
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.refunds import rules
from shared.database.transactions import Tx
from shared.web.fields import PaidYen, Text


class RecordRefund(PaymentForm):
    """A refund that staff made by another way, booked once under ``refund_id``."""

    returned_amount: PaidYen = Field(title="返金した金額")
    route: Annotated[Literal["bank_transfer", "gift_card"], ROUTES] = Field(
        "bank_transfer", title="返金の方法"
    )
    note: Text = Field(title="メモ", max_length=200, description="返金した日や振込先など")
    refund_id: RecordId


async def record_refund(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: RecordRefund, *, by: str
) -> Acted:
    """Book the refund of the amount by the route, once under its id.

    Raises Refused if the amount is more than is here, if the id belongs to another record, and as
    :func:`act_on_payment` does.
    """
    ref, amount, route = form.refund_id, form.returned_amount, form.route
    written = f"{ROUTES[route]} ¥{amount:,} {form.note}"

    def rule(payment: Payment, _: Terms, at: datetime) -> Settled:
        rules.check_within(rules.outside_amount_max(payment), amount, "returned_amount")
        return rules.record_outside_refund(
            payment, at, ref=ref, amount=amount, route=route, note=written, by=by
        )

    async def repeated(payment: Payment) -> bool:
        if ref not in payment.refunds:
            if await is_recorded(tx, ref, ("refund", "suspense_returned")):
                raise recorded_already()
            return False
        same = any((one.ref, one.amount, one.route) == (ref, amount, route) for one in payment.outside)
        if not same or not await has_note(tx, payment, written):
            raise recorded_already()
        return True

    return await act_on_payment(tx, methods, order_code, form.version, rule, repeated=repeated)


async def take_back_refund(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: OneObject, *, by: str
) -> Acted:
    """Take the refund recorded as ``form.ref`` out of the books. Raises Refused as :func:`act_on_payment` does."""
    return await act_on_payment(
        tx,
        methods,
        order_code,
        form.version,
        lambda payment, _, at: rules.take_back_refund(payment, at, ref=form.ref, by=by),
    )
