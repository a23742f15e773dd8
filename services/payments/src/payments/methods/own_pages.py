"""The piece of a method with pages of its own, where a buyer starts, returns or reads instructions.

- Their paths begin with ``/payments/<path>/``.
- Templates are in the folder ``templates`` of the method. Their names begin with the kind: ``konbini_number.html``.
- Pages only read. :meth:`Counter.hasten` makes the workers look a payment up at once.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from payments.payment.rules.details import Number
from payments.payment.rules.payment import Payment
from payments.providers.provider import Shop

if TYPE_CHECKING:
    from fastapi import APIRouter

    from shared.database.transactions import Database
    from shared.web.pages import Pages


class Counter(Protocol):
    """What the pages of a method may use."""

    @property
    def shop(self) -> Shop:
        """Return the shop."""
        ...

    @property
    def pages(self) -> "Pages":
        """Return the templates."""
        ...

    @property
    def db(self) -> "Database":
        """Return the database of payments."""
        ...

    async def find(self, order_code: str) -> Payment | None:
        """Return the latest payment of an order, or None if the order is not known here yet."""
        ...

    async def remember(self, order_code: str, refs: Mapping[str, str]) -> Payment | None:
        """Add the buyer's later choices to ``payment.refs``. Return the payment, or None if there is none."""
        ...

    async def choose_chain(
        self, order_code: str, chain: str, chain_name: str, number_to_show: Callable[[Payment], Number | None]
    ) -> None:
        """Store the chain that the buyer chose.

        ``number_to_show`` returns the number in the words of that chain for every page and mail.
        """
        ...

    async def hasten(self, order_code: str) -> None:
        """Make the order's payment due for a look-up now, as after the buyer's return from the provider."""
        ...


@runtime_checkable
class HasPages(Protocol):
    """Has pages of its own."""

    @abstractmethod
    def router(self, counter: Counter) -> "APIRouter":
        """Return the routes of the method's own pages."""
        ...
