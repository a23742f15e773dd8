"""Staff record a deposit they saw on the bank's statement (PAY-07)."""

from collections.abc import Mapping
from datetime import date, datetime

from payments.deposits.rules import book_deposit
from payments.payment.act_on_payment import Acted, act_on_payment, recorded_already
from payments.payment.rows import amount_of_receipt, is_recorded
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.payment.rules.watching import MethodFacts
from shared.clock import in_japan
from shared.database.transactions import Tx


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
) -> Acted:
    """Book ``amount`` yen once under ``receipt_id``, whatever the order still needs.

    Raises Refused for the ``receipt_id`` of another record, and as :func:`act_on_payment` and :func:`book_deposit` do.
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

    async def repeated(payment: Payment) -> bool:
        if receipt_id not in payment.receipts:
            if await is_recorded(tx, receipt_id, ("sale", "suspended")):
                raise recorded_already()
            return False
        # The day on which money came in is kept of the last receipt alone.
        last = receipt_id == payment.receipts[-1] and receipt_id not in payment.reversals
        day = in_japan(payment.received_at).date() if payment.received_at else None
        if not last or (await amount_of_receipt(tx, order_code, receipt_id), day) != (amount, deposited_on):
            raise recorded_already()
        return True

    return await act_on_payment(tx, methods, order_code, deed, version=version, repeated=repeated)
