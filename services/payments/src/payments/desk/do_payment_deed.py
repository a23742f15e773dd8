"""Every deed about the money of a payment at the desk: it is done, and published for 操作の記録 (STF-03)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from payments.methods.registry import Methods
from payments.payment.act_on_payment import Acted, act_on_payment
from payments.payment.forms import PaymentForm
from payments.payment.labels import STATES
from payments.payment.rows import find_order_payment
from payments.payment.rules.drafting import Settled
from payments.payment.rules.next_look import MethodFacts
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from shared.database.transactions import Tx
from shared.events import PaymentDeedDone
from shared.web.filters import yen
from shared.web.staff_rights import Right

F = TypeVar("F", bound=PaymentForm)
StaffForm = TypeVar("StaffForm", bound=PaymentForm, contravariant=True)


class UseCase(Protocol[StaffForm]):
    """A use case of staff for the payment of an order, with the form's fields, under the name ``by``. Raises Refused."""

    async def __call__(
        self, tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: StaffForm, *, by: str
    ) -> Acted:
        """Do the deed, and return the payment after it."""


class PressedRule(Protocol):
    """A rule for a deed without fields, such as 「確認済みにする」. It returns the payment unchanged if it is not possible."""

    def __call__(self, payment: Payment, terms: Terms, at: datetime, /, *, by: str) -> Settled:
        """Return what the deed of the person ``by`` means for the payment."""


@dataclass(frozen=True)
class Deed(Generic[F]):
    """A deed of the desk.

    It has the right that its route asks for, a form, a use case, and the text that staff read afterwards. ``history`` has the label of each line that it
    leaves in the history of the payment.
    """

    right: Right
    form: type[F]
    do: UseCase[F]
    said: str | Callable[[F, Acted], str]
    history: Mapping[str, str]

    def words(self, form: F, acted: Acted) -> str:
        """Return the text that staff read after the deed."""
        return self.said if isinstance(self.said, str) else self.said(form, acted)


def deed(
    right: Right,
    form: type[F],
    do: UseCase[F],
    said: str | Callable[[F, Acted], str],
    history: Mapping[str, str],
) -> Deed[Any]:
    """Return a row of a table of deeds.

    Only here the types of its form and its use case are known. So mypy refuses two that do not fit. ``Deed[Any]``
    would accept all.
    """
    return Deed(right, form, do, said, history)


def press(
    right: Right, rule: PressedRule, said: str, history: Mapping[str, str], *, asks_refund: bool = False
) -> Deed[Any]:
    """Return the row of a deed that needs one press: its use case only applies ``rule`` to the payment.

    ``asks_refund``: as in :func:`act_on_payment`.
    """

    async def do(
        tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, form: PaymentForm, *, by: str
    ) -> Acted:
        return await act_on_payment(
            tx,
            methods,
            order_code,
            form.version,
            lambda payment, terms, at: rule(payment, terms, at, by=by),
            asks_refund=asks_refund,
        )

    return Deed(right, PaymentForm, do, said, history)


async def do_payment_deed(
    tx: Tx, methods: Methods, order_code: str, what: Deed[F], form: F, done_by: Mapping[str, Any]
) -> str:
    """Do the deed ``what`` with the fields ``form``. Return the text that staff read afterwards.

    ``done_by`` has the person and the place (:func:`shared.web.deeds.done_by`). A repeated deed books nothing and is
    published once. Raises Refused as the use case does; then nothing was done and nothing is published.
    """
    before = await find_order_payment(tx, order_code)
    acted = await what.do(tx, methods, order_code, form, by=done_by["by"])
    words = what.words(form, acted)
    if acted.booked:
        shown = form.shown_text()
        subject = f"{order_code}：{words}" + (f"（{shown}）" if shown else "")
        tx.say(
            PaymentDeedDone(
                **done_by,
                subject=subject,
                order_code=order_code,
                before=_in_words(before) if before is not None else "",
                after=_in_words(acted.payment),
            )
        )
    return words


def _in_words(payment: Payment) -> str:
    """Return the state of a payment and the money that is here, for 操作の記録."""
    return f"{STATES.of(payment.state)[0]}・お預かり {yen(payment.held_amount)}"
