"""Staff accept short money as the whole price of the order."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from payments.deposits import rules
from payments.deposits.labels import DEPOSIT_MAIL
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import NOT_SHOWN, PaymentForm
from payments.payment.rules.next_look import MethodFacts
from shared.database.transactions import Tx


class AcceptShortMoney(PaymentForm):
    """Accept the money that is here as the whole."""

    send_mail: Annotated[bool, NOT_SHOWN] = Field(False, title=DEPOSIT_MAIL)


async def accept_short_money(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: AcceptShortMoney, *, by: str
) -> Acted:
    """Let the money that is here count as the whole. Raises Refused as :func:`act_on_payment` does."""
    return await act_on_payment(
        tx,
        methods,
        order_code,
        form.version,
        lambda payment, terms, at: rules.accept_short(payment, terms, at, by=by, send_mail=form.send_mail),
    )
