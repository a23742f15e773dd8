"""Staff have the provider give money back: a part, what is too much, or what a refund that failed left here."""

from collections.abc import Mapping
from datetime import datetime

from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.payment.rules.watching import MethodFacts
from payments.refunds import rules
from payments.refunds.rules import check_within
from shared.database.transactions import Tx


async def refund_part(
    tx: Tx,
    methods: Mapping[str, MethodFacts],
    order_code: str,
    *,
    refund_amount: int,
    refund_reason: str,
    version: int,
    by: str,
) -> Acted:
    """Have ``refund_amount`` yen of a paid order given back, with a reason that its history keeps.

    Raises Refused for more than may be given back, and as :func:`act_on_payment` does.
    """

    def deed(payment: Payment, terms: Terms, at: datetime) -> Settled:
        check_within(rules.part_refund_max(payment, terms), refund_amount, "refund_amount")
        return rules.refund_part(payment, terms, at, amount=refund_amount, reason=refund_reason, by=by)

    return await act_on_payment(tx, methods, order_code, deed, version=version)


async def refund_spare_money(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, *, version: int, by: str
) -> Acted:
    """Have given back what belongs to no order. Raises Refused as :func:`act_on_payment` does."""

    def deed(payment: Payment, terms: Terms, at: datetime) -> Settled:
        return rules.refund_spare(payment, terms, at, by=by)

    return await act_on_payment(tx, methods, order_code, deed, version=version)


async def refund_again(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, *, version: int, by: str
) -> Acted:
    """Have given back all that a refund that failed left here. Raises Refused as :func:`act_on_payment` does."""

    def deed(payment: Payment, _: Terms, at: datetime) -> Settled:
        return rules.refund_again(payment, at, by=by)

    return await act_on_payment(tx, methods, order_code, deed, version=version)
