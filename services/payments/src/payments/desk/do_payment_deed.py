"""Every deed about the money of a payment at the desk: it is done, and said for the record of deeds (STF-03)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from payments.methods.registry import Methods
from payments.payment.act_on_payment import Acted
from payments.payment.forms import PaymentForm
from payments.payment.rules.watching import MethodFacts
from shared.database.transactions import Tx
from shared.events import PaymentDeedDone

F = TypeVar("F", bound=PaymentForm)
Asked = TypeVar("Asked", bound=PaymentForm, contravariant=True)


class UseCase(Protocol[Asked]):
    """What staff may do to the payment of an order: as the form asks, under the name ``by``. Raises Refused."""

    async def __call__(
        self, tx: Tx, methods: Mapping[str, MethodFacts], order_code: str, asked: Asked, *, by: str
    ) -> Acted:
        """Do it, and return how the payment stands then."""


@dataclass(frozen=True)
class Deed(Generic[F]):
    """A deed of the desk: what its form asks, what is done, what staff are told then, and what each line says that it
    leaves in the history of the payment."""

    form: type[F]
    do: UseCase[F]
    said: str | Callable[[F, Acted], str]
    history: Mapping[str, str]

    def words(self, asked: F, acted: Acted) -> str:
        """Return what staff are told when it is done."""
        return self.said if isinstance(self.said, str) else self.said(asked, acted)


def deed(
    form: type[F], do: UseCase[F], said: str | Callable[[F, Acted], str], history: Mapping[str, str]
) -> Deed[Any]:
    """Return a row of a table of deeds. Only here are its form and its use case known by their types, so that mypy refuses
    two that do not fit; in ``Deed[Any]`` all would."""
    return Deed(form, do, said, history)


async def do_payment_deed(
    tx: Tx, methods: Methods, order_code: str, what: Deed[F], asked: F, done_by: Mapping[str, Any]
) -> str:
    """Do ``what`` with what was ``asked`` and return what staff are told then; ``done_by`` is who does it, and from where
    (:func:`shared.web.deeds.done_by`).

    A deed that is repeated books nothing, and is said once.

    Raises Refused as the use case does: then nothing was done, and nothing is said.
    """
    acted = await what.do(tx, methods, order_code, asked, by=done_by["by"])
    words = what.words(asked, acted)
    if acted.booked:
        told = asked.told()
        subject = f"{order_code}：{words}" + (f"（{told}）" if told else "")
        tx.say(PaymentDeedDone(**done_by, subject=subject, order_code=order_code))
    return words
