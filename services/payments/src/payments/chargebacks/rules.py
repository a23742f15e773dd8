"""How staff decide a chargeback, and take that back. Pure. What it means for the money:
:mod:`payments.payment.rules.chargebacks`."""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from payments.payment.rules.chargebacks import let_stand
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.payment import Payment


def lost_amount_max(payment: Payment, reference: str) -> int | None:
    """Return up to what amount a chargeback can be lost, in yen: what is disputed; None where nobody told."""
    told = (one.amount for one in payment.open_chargebacks if one.reference == reference)
    return next(told, 0) or None


def decide_chargeback(
    payment: Payment,
    at: datetime,
    *,
    reference: str,
    state: Literal["won", "lost"],
    by: str,
    amount: int | None = None,
) -> Settled:
    """Staff enter how a chargeback ended, where the provider does not tell: what is lost is gone.

    ``amount`` in yen is what was lost, where that is less than what is disputed, or the provider named no amount.
    """
    draft = Draft(payment, at, by)
    for one in payment.open_chargebacks:
        if one.reference == reference:
            taken = amount if state == "lost" else None
            decided = replace(one, state=state, amount=taken or one.amount, disputed_amount=one.disputed)
            let_stand(draft, decided, f"chargeback {state}")
    draft.give_back_what_is_over()
    return draft.done()


def reopen_chargeback(payment: Payment, at: datetime, *, reference: str, reason: str, by: str) -> Settled:
    """Staff take back how a chargeback ended, for a reason that its history keeps: it is open again, with its deadline; what
    was booked as lost is here again, with what covered it."""
    draft = Draft(payment, at, by)
    one = payment.chargeback(reference)
    if one is not None and one.state != "open":
        opened = replace(one, state="open", amount=one.disputed, disputed_amount=one.disputed)
        let_stand(draft, opened, "chargeback reopened", reason)
    return draft.done()
