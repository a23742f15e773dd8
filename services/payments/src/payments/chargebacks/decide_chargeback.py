"""Staff record how a chargeback ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import Field

from payments.chargebacks import rules
from payments.chargebacks.labels import ENDS, End
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import PaymentForm
from payments.payment.rules.drafting import Settled
from payments.payment.rules.next_look import MethodFacts
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.web.fields import Line, PaidYen


class DecideChargeback(PaymentForm):
    """The decision of a chargeback. ``lost_amount`` is booked only for a lost one."""

    reference: Line = Field(title="申し立て番号", max_length=200)
    state: Annotated[End, ENDS] = Field(title="結果")
    lost_amount: PaidYen | None = Field(None, title="返金された金額")

    def shown_text(self) -> str:
        """Return the fields as text. Without a loss there is no amount, whatever was typed."""
        if self.state == "won" and self.lost_amount is not None:
            return self.model_copy(update={"lost_amount": None}).shown_text()
        return super().shown_text()


async def decide_chargeback(
    tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: DecideChargeback, *, by: str
) -> Acted:
    """Book a chargeback as won or lost.

    Raises Refused if the amount of a lost one is missing or exceeds the disputed amount, and as
    :func:`act_on_payment` does.
    """

    def rule(payment: Payment, _: Terms, at: datetime) -> Settled:
        if form.state == "lost":
            _check_amount(form.lost_amount, rules.lost_amount_max(payment, form.reference))
        return rules.decide_chargeback(
            payment, at, reference=form.reference, state=form.state, by=by, amount=form.lost_amount
        )

    return await act_on_payment(tx, methods, order_code, form.version, rule)


def _check_amount(lost: int | None, most: int | None) -> None:
    """Raise Refused if the ``lost`` amount is missing, or exceeds the ``most`` yen that are disputed."""
    if not lost:
        raise Refused("amount_missing", "返金された金額を入力してください", field="lost_amount", status=422)
    if most is not None and lost > most:
        text = f"返金された金額は¥{most:,}以下で入力してください"
        raise Refused("more_than_disputed", text, field="lost_amount", status=422)
