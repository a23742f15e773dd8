"""Staff record how a chargeback ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from payments.chargebacks import rules
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.payment.rules.watching import MethodFacts
from shared.database.transactions import Tx
from shared.errors import Refused


async def decide_chargeback(
    tx: Tx,
    methods: Mapping[str, MethodFacts],
    order_code: str,
    *,
    reference: str,
    state: Literal["won", "lost"],
    lost_amount: int | None,
    version: int,
    by: str,
) -> Acted:
    """Book a chargeback as won or lost; of a lost one ``lost_amount`` yen.

    Raises Refused where that amount is missing or more than is disputed, and as :func:`act_on_payment` does.
    """

    def deed(payment: Payment, _: Terms, at: datetime) -> Settled:
        if state == "lost" and not lost_amount:
            raise Refused(
                "amount_missing", "返金された金額を入力してください", field="lost_amount", status=422
            )
        most = rules.lost_amount_max(payment, reference)
        if state == "lost" and most is not None and (lost_amount or 0) > most:
            text = f"返金された金額は¥{most:,}以下で入力してください"
            raise Refused("more_than_disputed", text, field="lost_amount", status=422)
        return rules.decide_chargeback(
            payment, at, reference=reference, state=state, by=by, amount=lost_amount
        )

    return await act_on_payment(tx, methods, order_code, deed, version=version)
