"""A deed of staff about one order as a row of a table (deeds.py)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

from checkout.order_desk.one_order_forms import OrderForm
from checkout.order_desk.rows import read_whole_order
from checkout.orders.rules.order import Order
from checkout.orders.stored_order import StoredOrder
from shared.database.transactions import Database, Tx
from shared.errors import Refused
from shared.web.forms import Form
from shared.web.staff_rights import Right

F = TypeVar("F", bound=OrderForm)
UseCase = Callable[[Tx, str, F, str, datetime], Awaitable[None]]
"""The use case of a deed. It takes an order code, the checked form, the name of the member of staff and the time."""
DrawnOn = Literal["order", "cancel", "problem"]
"""The page that shows a form and its refusal: the order, the cancellation, or an error page for a form without fields."""


def _always(_: Order) -> bool:
    return True


def _without_warnings(_: Order) -> list[str]:
    return []


def _empty(_: StoredOrder) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Deed(Generic[F]):
    """A deed about an order: its right, its form, its use case, and the text ``said`` that staff read afterwards.

    ``may`` tells whether the page offers it; the use case checks again. ``warnings`` returns what staff must read first:
    the deed then waits for a form that is ``confirmed``. ``first`` returns what the boxes of a new form contain.
    """

    right: Right
    form: type[F]
    do: UseCase[F]
    said: str
    may: Callable[[Order], bool]
    drawn_on: DrawnOn
    warnings: Callable[[Order], list[str]]
    first: Callable[[StoredOrder], Mapping[str, str]]

    def new_form(self, order: StoredOrder) -> Form[F]:
        """Return the form as the page of ``order`` shows it first."""
        return Form(self.form, self.first(order))


def deed(
    right: Right,
    form: type[F],
    do: UseCase[F],
    said: str,
    *,
    may: Callable[[Order], bool] = _always,
    drawn_on: DrawnOn = "order",
    warnings: Callable[[Order], list[str]] = _without_warnings,
    first: Callable[[StoredOrder], Mapping[str, str]] = _empty,
) -> Deed[Any]:
    """Return a row of a table of deeds.

    Only here the types of its form and its use case are known. So mypy refuses two that do not fit. ``Deed[Any]``
    would accept all.
    """
    return Deed(right, form, do, said, may, drawn_on, warnings, first)


class Press(Protocol):
    """A use case that needs no more than the order as staff saw it. Raises Refused."""

    async def __call__(self, tx: Tx, *, order_code: str, by: str, at: datetime, version: int | None) -> None:
        """Do the deed under the name ``by``."""


def press(use_case: Press) -> UseCase[OrderForm]:
    """Return the use case of a deed that needs one press."""
    return lambda tx, code, form, by, at: use_case(tx, order_code=code, by=by, at=at, version=form.version)


def allowed_by(check: Callable[[Order], None]) -> Callable[[Order], bool]:
    """Return the ``may`` of a deed for ``check``, a rule that raises Refused."""

    def may(order: Order) -> bool:
        try:
            check(order)
        except Refused:
            return False
        return True

    return may


async def is_warned(db: Database, code: str, what: Deed[F], form: F) -> bool:
    """Return whether staff must first read warnings. Raises Refused (404) if there is no such order."""
    if form.confirmed or what.warnings is _without_warnings:
        return False
    async with db.transaction() as tx:
        return bool(what.warnings((await read_whole_order(tx, code)).order))
