"""Staff let money that was to be refunded pay for an order that goes on."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from payments.deposits import rules
from payments.deposits.labels import DEPOSIT_MAIL
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import NOT_SHOWN, PaymentForm
from payments.payment.rules.next_look import MethodFacts
from shared.database.transactions import Tx


class KeepMoney(PaymentForm):
    """Let money that was to be refunded pay for the order."""

    send_mail: Annotated[bool, NOT_SHOWN] = Field(False, title=DEPOSIT_MAIL)


async def keep_money(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: KeepMoney, *, by: str
) -> Acted:
    """Let the money that is here pay for the order, even if it is short. Raises Refused as :func:`act_on_payment` does."""
    return await act_on_payment(
        tx,
        methods,
        order_code,
        form.version,
        lambda payment, terms, at: rules.keep_for_order(payment, terms, at, by=by, send_mail=form.send_mail),
    )
