"""The contract of a payment method: what every method has. What a method can do is in the pieces, one module each.

A method is a folder in ``payments/methods/``. Its name is the ``kind`` in events, pages and tables. Its
``__init__.py`` sets ``METHOD`` to a subclass of :class:`Method`. Nothing else changes:

- Noren finds the folder. ``PAYMENTS_METHODS=konbini,amazon_pay,...`` switches the method on.
- Checkout reads the menu from ``GET /api/payments/methods``.
- ``tests/payments/methods/test_every_method.py`` drives its simulator.

Every method has a kind, terms, a menu and its settings. What only some methods can do is a piece: one function in
its own module (``holds.py``, ``numbers.py``, ``look_ups.py``, ``money_back.py``, ``parcels.py``, ``own_pages.py``),
which explains it. :attr:`Method.terms` decides which pieces Noren uses. The README of payments lists them with an
example.

A method writes the functions of these pieces and no others. It names the pieces as base classes. Then mypy checks the
signatures, and a missing function stops the start. All names are imported from this module.

Two more pieces are ready. A method writes only what differs:

- the way of the buyer to the provider's page and back (``visits.py``), if the terms have ``visit``;
- notices and connections: ``read_notice`` and ``close`` of :class:`~payments.providers.provider.Provider`.

With flow ``unmanaged`` Noren asks nobody (cash on delivery).

**OrderPlaced.** Payments stores a :class:`~payments.payment.rules.payment.Payment`. It has the buyer's choices
(``payment.choice``), the total of the order (``payment.amount``) and the name of the buyer.

- ``payment.order`` is the order as it was placed: buyer, addresses, lines, amounts. Every function of a method gets it.
- Send the provider only what it needs of it. Write none of it into ``refs``, answers or logs.

**How a provider is asked.** Every request is a row that is committed before the provider is asked. No transaction is
open meanwhile.

- ``key`` is the id of the row: 32 hexadecimal digits, the same for every repetition. Give it to the provider as
  idempotency key.
- A method raises nothing because of what a provider does.
- ``Unknown`` is the answer whenever the effect is not clear: time-out, broken connection, 429, 5xx, a body without
  sense. It has ``retry_after_seconds`` if the provider named a time.
- A method does not retry. It returns within :data:`ANSWER_SECONDS_MAX`. The worker retries later, after growing pauses.

**References.** An answer may have ``refs``, such as ``{"charge_id": "S03-..."}``. Noren merges them into
``payment.refs``. A notice finds its payment by their values.

**Answers that do not fit.** Noren compares every answer with the request (``payment/rules/reports/checking.py``). A method
compares what only it can read: the ids of the objects, and the currency. An answer about another object is
``Unknown`` with ``mismatch``. It never changes ``refs``.
"""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from payments.methods.holds import Authorizes, Captures, Reauthorizes
from payments.methods.look_ups import LooksUp
from payments.methods.menu import Menu, MenuChoice, Option
from payments.methods.money_back import Refunds, Voids
from payments.methods.numbers import IssuesNumbers
from payments.methods.own_pages import Counter, HasPages
from payments.methods.parcels import ReportsParcels
from payments.methods.visits import Visit, VisitOutcome, Visits
from payments.payment.rules.moves import State
from payments.payment.rules.terms import Terms
from payments.providers.provider import Notice, NoticeRefused, Provider, Shop

__all__ = [
    "ANSWER_SECONDS_MAX",
    "Authorizes",
    "Captures",
    "Counter",
    "HasPages",
    "IssuesNumbers",
    "LooksUp",
    "Menu",
    "MenuChoice",
    "Method",
    "Notice",
    "NoticeRefused",
    "Option",
    "Reauthorizes",
    "Refunds",
    "ReportsParcels",
    "Shop",
    "Visit",
    "VisitOutcome",
    "Visits",
    "Voids",
]

ANSWER_SECONDS_MAX = 12.0
"""The maximum duration of one question to a provider, in seconds. Two questions fit into the lease of a request."""


class Method(Provider, Visits):
    """A payment method. The docstring of this module explains it.

    A method that shares its provider with no other is that provider, too: it reads notices, limits questions and closes
    connections. Its settings have the kind as prefix (``KONBINI_URL``); ``from_environment`` reads them.
    """

    kind: ClassVar[str]
    terms: Terms
    poll_seconds: Mapping[State, float] = {}
    """For each state the pause after which Noren asks the provider without a notice; see ``look_ups.py``."""
    look_after: timedelta = timedelta(0)
    """How long Noren asks about a number after its deadline, and about a payment without a number after its money came.

    0 means that no money comes or goes without Noren.
    """
    has_number_page: bool = False
    """Whether ``router`` has a page ``/payments/<path>/<order>?key=`` that explains how to pay a number."""

    @abstractmethod
    def menu(self) -> Menu:
        """Return what checkout may offer: name, limits, and choices such as the konbini chain.

        The menu is data. Checkout fetches it now and then, and keeps it. ``flow``, ``deposit`` and
        ``paid_before_shipping`` of the terms belong to it. Checkout asks nothing else about orders of the method.
        """

    @property
    def name(self) -> str:
        """Return the name of the method as a provider: its kind."""
        return self.kind

    @property
    def provider(self) -> Provider:
        """Return the company behind the method.

        A provider that several methods share is ``shop.provider(...)``, kept by the method.
        """
        return self
