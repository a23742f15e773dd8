"""The event about the number, when it is issued or the buyer chooses another chain, and a number reported otherwise."""

from collections.abc import Callable
from datetime import datetime, timedelta

from payments.payment.rules.answers import Issued
from payments.payment.rules.details import Number
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from shared.clock import in_japan
from shared.errors import Refused
from shared.events import PaymentNumberIssued

CHANGES_MAX = 5
"""How often the chain of one payment may be changed within ``CHANGES_WITHIN``: each change is an event."""
CHANGES_WITHIN = timedelta(hours=1)
_CHANGED = "chain_changes"
_TOLD = "chains_told"
_TOO_MANY = (
    f"お支払い先の変更は1時間に{CHANGES_MAX}回までです。時間をおいてからお試しください。"
    "表示中のお支払い番号は、そのままご利用になれます。"
)


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


def check_reported_number(draft: Draft, answer: Issued) -> None:
    """Call a person if the provider reports another deadline for the number that waits for its buyer.

    The deadline that the buyer reads counts, to the minute. If the provider reports that deadline again, the doubt
    ends. A different deadline that staff have marked as seen calls nobody.
    """
    payment, number = draft.payment, draft.payment.number
    if number is None or payment.state != "waiting":
        return
    if _deadline_text(answer.due_at) == _deadline_text(number.due_at):
        draft.change(doubted_due_at=None)
    elif answer.due_at not in (payment.doubted_due_at, payment.seen_due_at):
        draft.change(doubted_due_at=answer.due_at)
        draft.call("deadline reported otherwise")
        draft.note(
            "deadline told otherwise", f"{_deadline_text(number.due_at)} → {_deadline_text(answer.due_at)}"
        )


def keep_deadline(draft: Draft) -> None:
    """Go on with the deadline that the buyer was told, after staff have seen that the provider reports another one."""
    if draft.payment.doubted_due_at is not None:
        draft.change(seen_due_at=draft.payment.doubted_due_at, doubted_due_at=None)


def _deadline_text(due_at: datetime) -> str:
    """Return a deadline as people read it."""
    return f"{in_japan(due_at):%Y/%m/%d %H:%M}"


def choose_chain(
    payment: Payment,
    chain: str,
    chain_name: str,
    number_to_show: Callable[[Payment], Number | None],
    terms: Terms,
    at: datetime,
) -> Settled:
    """Store the chain that the buyer chose, and publish the number in its words while it can be paid. Pure.

    ``number_to_show`` returns the number of a payment in the words of its chain. No money follows from it. Each
    number goes out by mail once. Raises Refused after too many changes.
    """
    draft, before = Draft(payment, at), number_to_show(payment)
    draft.remember({"chain": chain})
    number = number_to_show(draft.payment)
    payable = payment.state == "waiting" and not payment.order_cancelled
    if payable and before is not None and number is not None and number != before:
        mailed = payment.refs.get(_TOLD, "").split() or [payment.refs.get("chain", before.chain)]
        known = [number_to_show(payment.changed(refs={**payment.refs, "chain": one})) for one in mailed]
        is_new = all(one is None or _digits(one) != _digits(number) for one in known)
        draft.remember({_CHANGED: _one_more_change(payment, at)})
        draft.remember({_TOLD: " ".join([*mailed, chain] if is_new else mailed)})
        say_number(draft, number, chain_name, terms, chosen_anew=True, send_mail=is_new)
    return draft.done()


def _digits(number: Number) -> tuple[str, str | None]:
    """Return what the buyer types at the chain's terminal."""
    return number.number, number.confirmation_number


def _one_more_change(payment: Payment, at: datetime) -> str:
    """Return the moments of the latest changes, in seconds since 1970, with one more. Raises Refused."""
    since = (at - CHANGES_WITHIN).timestamp()
    lately = [one for one in payment.refs.get(_CHANGED, "").split() if int(one) > since]
    if len(lately) >= CHANGES_MAX:
        raise Refused("chain_changed_often", _TOO_MANY, status=429)
    return " ".join([*lately, str(int(at.timestamp()))])
