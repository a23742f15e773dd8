"""How staff decide a chargeback, and reopen it. Pure.

:mod:`payments.payment.rules.chargebacks` has the consequences for the money.
"""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from payments.payment.rules.chargebacks import record_chargeback_state
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.payment import Payment


def lost_amount_max(payment: Payment, reference: str) -> int | None:
    """Return the maximum loss of a chargeback in yen: the disputed amount, or None if nobody reported it."""
    reported = (one.amount for one in payment.open_chargebacks if one.reference == reference)
    return next(reported, 0) or None


def decide_chargeback(
    payment: Payment,
    at: datetime,
    *,
    reference: str,
    state: Literal["won", "lost"],
    by: str,
    amount: int | None = None,
) -> Settled:
    """Record how a chargeback ended, if the provider does not report it. A loss is booked.

    ``amount`` in yen is the loss, if it is below the disputed amount, or if the provider named no amount.
    """
    draft = Draft(payment, at, by)
    for one in payment.open_chargebacks:
        if one.reference == reference:
            taken = amount if state == "lost" else None
            decided = replace(one, state=state, amount=taken or one.amount, disputed_amount=one.disputed)
            record_chargeback_state(draft, decided, f"chargeback {state}")
    draft.return_unneeded_money()
    return draft.done()


def reopen_chargeback(payment: Payment, at: datetime, *, reference: str, reason: str, by: str) -> Settled:
    """Reopen a chargeback, with a reason for its history and with its deadline.

    The loss and the money that covered it are booked back.
    """
    draft = Draft(payment, at, by)
    one = payment.chargeback(reference)
    if one is not None and one.state != "open":
        opened = replace(one, state="open", amount=one.disputed, disputed_amount=one.disputed)
        record_chargeback_state(draft, opened, "chargeback reopened", reason)
    return draft.done()
