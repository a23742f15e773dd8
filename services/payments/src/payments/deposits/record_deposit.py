"""Staff record a deposit that they saw on the bank's statement (PAY-07)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from payments.deposits.labels import DEPOSIT_MAIL
from payments.deposits.rules import book_deposit
from payments.payment.act_on_payment import Acted, act_on_payment, recorded_already
from payments.payment.forms import NOT_SHOWN, PaymentForm, RecordId
from payments.payment.records import amount_of_receipt, is_recorded
from payments.payment.rules.drafting import Settled
from payments.payment.rules.next_look import MethodFacts
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from shared.clock import in_japan
from shared.database.transactions import Tx
from shared.web.fields import PaidYen


class RecordDeposit(PaymentForm):
    """A deposit on the bank's statement, booked once under ``receipt_id``."""

    amount: PaidYen = Field(title="入金額")
    deposited_on: date = Field(title="入金日")
    receipt_id: RecordId
    send_mail: Annotated[bool, NOT_SHOWN] = Field(
        False, title=DEPOSIT_MAIL, description="入金がご請求額に足りないときは送信しません。"
    )


async def record_deposit(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: RecordDeposit, *, by: str
) -> Acted:
    """Book the amount once under its id, whatever the order still owes.

    Raises Refused for the id of another record, and as :func:`act_on_payment` and :func:`book_deposit` do.
    """

    def rule(payment: Payment, terms: Terms, at: datetime) -> Settled:
        return book_deposit(
            payment,
            terms,
            at,
            amount=form.amount,
            deposited_on=form.deposited_on,
            receipt_id=form.receipt_id,
            send_mail=form.send_mail,
            by=by,
            beside_the_sale=True,
        )

    async def repeated(payment: Payment) -> bool:
        if form.receipt_id not in payment.receipts:
            if await is_recorded(tx, form.receipt_id, ("sale", "suspended")):
                raise recorded_already()
            return False
        # Only the day of the last receipt is kept.
        last = form.receipt_id == payment.receipts[-1] and form.receipt_id not in payment.reversals
        day = in_japan(payment.received_at).date() if payment.received_at else None
        booked = (await amount_of_receipt(tx, order_code, form.receipt_id), day)
        if not last or booked != (form.amount, form.deposited_on):
            raise recorded_already()
        return True

    return await act_on_payment(tx, methods, order_code, form.version, rule, repeated=repeated)
