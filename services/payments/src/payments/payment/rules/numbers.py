"""The event about the number: when it is issued, and when the buyer chooses another chain for it."""

from collections.abc import Callable
from datetime import datetime

from payments.payment.rules.details import Number
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from shared.events import PaymentNumberIssued


def say_number(
    draft: Draft,
    number: Number,
    chain_name: str,
    terms: Terms,
    *,
    chosen_anew: bool = False,
    send_mail: bool = True,
) -> None:
    """Publish the number with which the buyer of the payment in ``draft`` pays, and its deadline."""
    draft.say(
        PaymentNumberIssued,
        amount=draft.payment.amount,
        number=number.number,
        chain=number.chain,
        chain_name=chain_name,
        number_label=number.label,
        confirmation_number=number.confirmation_number,
        due_at=number.due_at,
        accepted_until=number.due_at + terms.grace,
        page_url=draft.payment.page_url,
        chosen_anew=chosen_anew,
        send_mail=send_mail,
    )


def choose_chain(
    payment: Payment,
    chain: str,
    chain_name: str,
    told: Callable[[Payment], Number | None],
    terms: Terms,
    at: datetime,
) -> Settled:
    """Store the chain that the buyer chose, and publish the number in its words while it can be paid. Pure.

    ``told`` returns the number of a payment in the words of its chain. No money follows from it.
    """
    draft, before = Draft(payment, at), told(payment)
    draft.remember({"chain": chain})
    number = told(draft.payment)
    payable = payment.state == "waiting" and not payment.order_cancelled
    if payable and before is not None and number is not None and number != before:
        differs = (number.number, number.confirmation_number) != (before.number, before.confirmation_number)
        say_number(draft, number, chain_name, terms, chosen_anew=True, send_mail=differs)
    return draft.done()
