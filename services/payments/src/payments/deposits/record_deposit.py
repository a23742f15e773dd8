"""Staff record a deposit they saw on the bank's statement (PAY-07)."""

from collections.abc import Mapping
from datetime import date, datetime

from payments.deposits.rules import book_deposit
from payments.payment.act_on_payment import act_on_payment
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.payment.rules.watching import MethodFacts
from shared.database import Tx


async def record_deposit(
    tx: Tx,
    methods: Mapping[str, MethodFacts],
    order_code: str,
    *,
    amount: int,
    deposited_on: date,
    receipt_id: str,
    send_mail: bool,
    version: int,
    by: str,
) -> bool:
    """Book ``amount`` yen once under ``receipt_id``, whatever the order still needs; return whether it is too little
    for the order, so that the mail about the deposit is not sent.

    Raises Refused as :func:`act_on_payment` and :func:`book_deposit` do.
    """

    def deed(payment: Payment, terms: Terms, at: datetime) -> Settled:
        return book_deposit(
            payment,
            terms,
            at,
            amount=amount,
            deposited_on=deposited_on,
            receipt_id=receipt_id,
            send_mail=send_mail,
            by=by,
            beside_the_sale=True,
        )

    before = await act_on_payment(
        tx, methods, order_code, deed, version=version, done=lambda payment: receipt_id in payment.receipts
    )
    return before.goes_on and amount < before.missing_amount
