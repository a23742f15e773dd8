"""The contract of a payment method, explained along one payment.

A method is a folder in ``payments/methods/``. Its name is the ``kind`` in events, pages and tables. Its
``__init__.py`` sets ``METHOD`` to a subclass of :class:`Method`. Nothing else changes:

- Noren finds the folder. ``PAYMENTS_METHODS=konbini,amazon_pay,...`` switches the method on.
- Checkout reads the menu from ``GET /api/payments/methods``.
- ``tests/payments/methods/test_every_method.py`` drives its simulator.

**The menu.** :meth:`Method.menu` returns what checkout may offer: name, limits, and choices such as the konbini
chain.

- The menu is data. Checkout fetches it now and then, and keeps it.
- ``flow``, ``deposit`` and ``paid_before_shipping`` of :attr:`Method.terms` belong to it. Checkout asks nothing else
  about orders of the method.

**OrderPlaced.** Payments stores a :class:`~payments.payment.rules.payment.Payment`. It has the buyer's choices
(``payment.choice``), the total of the order (``payment.amount``) and the name of the buyer.

- ``payment.order`` is the order as it was placed: buyer, addresses, lines, amounts. Every call of a method gets it.
- Send the provider only what it needs of it. Write none of it into ``refs``, answers or logs.

:attr:`Method.terms` decides what follows:

- Flow ``authorized``: Noren stores a request ``authorize``. A worker calls :meth:`Method.authorize`. Usual answers:
  ``Authorized``; ``Declined`` with a reason of PAY-22; ``NeedsBuyer`` if the buyer must visit the provider first;
  ``Waiting`` if the provider has not decided.
- Flow ``prepaid``: when Noren consumes ``StockReserved``, it stores a request ``issue``. :meth:`Method.issue` returns
  ``Issued`` or ``Declined``. Then the payment waits for the buyer.
- Flow ``unmanaged``: Noren calls nothing (cash on delivery).

**A visit.** Some buyers go to a page of the provider. Such a method has ``visit`` in its terms, the time limit of the
visit. Its menu has :attr:`Method.go_path` as ``confirm_path``.

- Checkout sends the buyer to that path after the order was placed.
- :meth:`Method.authorize` (or ``issue``) prepares the provider, gives it :meth:`Method.back_url` and returns
  ``NeedsBuyer``.
- The common page then sends the buyer on, by a redirect or by a form (:meth:`Method.visit`).
- The return proves nothing. It only triggers a look-up. :meth:`Method.look_up` returns ``Authorized`` (or ``Issued``)
  as soon as this is true, and nothing while the visit lasts.
- After the time limit the payment has failed (``buyer_abandoned``). Noren then calls :meth:`Method.void` until the
  visit can have no effect any more.

**How a call is made.** Every request is a row that is committed before the call. No transaction is open during the
call.

- ``key`` is the id of the row: 32 hexadecimal digits, the same for every repetition. Give it to the provider as
  idempotency key.
- A method raises nothing because of what a provider does.
- ``Unknown`` is the answer whenever the effect is not clear: time-out, broken connection, 429, 5xx, a body without
  sense. It has ``retry_after_seconds`` if the provider named a time.
- A method does not retry. It returns within :data:`ANSWER_SECONDS_MAX`. The worker retries later, after growing pauses.

**A lost answer.** Before any repetition the worker calls :meth:`Method.look_up`. It returns *everything* that the
provider knows about this payment, oldest first:

- ``(Authorized, Captured)`` for a captured charge; ``Waiting`` and ``RefundWaiting`` for what is still in progress.
- ``()`` if the provider does not know the payment.
- ``(Unknown,)`` if the provider does not answer, or refuses the question with an unknown code.
- ``(Unknown,)`` with ``mismatch`` if the provider does not find an object that it named before.

Known facts do no harm in the list. The call is repeated, with the same key, only if the list does not answer the open
request. Find objects by the ids in ``payment.refs``, or by ``payment.payment_id.hex``. Send that id with the first
call for this purpose.

**References.** An answer may have ``refs``, such as ``{"charge_id": "S03-..."}``. Noren merges them into
``payment.refs``. A notice finds its payment by their values.

**Refunds made elsewhere.** Staff also refund in the provider's console. A look-up reports:

- each completed refund as ``Refunded`` with the provider's id, whoever requested it;
- behind them ``RefundedInAll``, if the provider knows the sum but not every refund.

Both count in every state of the payment, also on a live order.

**Answers that do not fit.** Noren compares every answer with the request (``payment/rules/checking.py``). A method
compares what only it can read: the ids of the objects, and the currency. An answer about another object is
``Unknown`` with ``mismatch``. It never changes ``refs``.

**What others do.** Others may be able to charge the agreement with the buyer.

- Their money is ``Captured`` with ``beside_hold``. Their hold is an ``OtherHold``.
- :meth:`Method.void` and :meth:`Method.reauthorize` release ``payment.other_holds``, too.

**Notices.** :meth:`Provider.read_notice` gets what the provider posts to ``/payments/<path>/notices``. It proves that
the notice is genuine. It returns the provider's id of the notice and the reference of the payment.

- Noren stores the notice, commits, and responds with 200. Due work then looks the payment up.
- A notice is a hint. Only the look-up counts.
- ``refs`` of the notice are ids that only the notice names: a refund in the console, a charge of others. The look-up
  must check that they belong to the payment.
- ``alert`` is a ``Chargeback`` that the provider cannot be asked about. It calls a person. Another notice with the
  same chargeback is new; a look-up reports it only once.
- ``known=False`` marks a kind that the method does not know. Noren looks the payment up and lists the notice for
  staff.
- A forged notice raises :class:`NoticeRefused`.

**Lost notices.** :attr:`Method.poll_seconds` has, for each state, the pause after which Noren asks the provider
anyway.

- Noren keeps the deadline of a number. At ``due_at`` plus the grace of the terms it asks a last time. Only then the
  payment has expired, and :meth:`Method.void` informs the provider.
- Buyers pay a number twice, or after it expired or was cancelled, and such a notice may be lost. Within
  :attr:`Method.look_after` Noren asks about a number daily, in every state of its payment.
- The same holds for a payment without a number after its money came. Somebody may refund it in the provider's
  console, even more than was there.

**The money.** The deposit of the terms decides:

- ``capture``: the shop's policy decides when Noren calls :meth:`Method.capture`. Answers: ``Captured``;
  ``CaptureDeclined`` (never: the hold is gone); ``CaptureRefused`` (not now: the hold still exists); ``Waiting``.
  Unless it is refused, there is one call for each hold.
- ``capture`` with ``part_captures``: one call for each part, with ``amount`` below the whole. After ``Captured`` of
  less the rest stays held. :meth:`Method.void` releases it (``Voided``).
- ``automatic``: the look-up returns ``Captured`` for each receipt.
- ``by_hand``: staff record the deposit. Noren calls nothing.

**Parcels.** With ``parcels="kept"`` the capture finds carrier, tracking number and date in ``payment.parcels``. With
``"told"`` Noren also calls :meth:`Method.tell_shipped` for each parcel.

**A hold that ends.** A hold expires, its capture is finally declined, or less than the whole is captured in the
console. The answer is ``Expired``, ``Voided``, ``CaptureDeclined``, or ``Captured`` with less.

- With ``may_reauthorize`` staff may then request :meth:`Method.reauthorize`. It holds the missing amount once more,
  on the same agreement with the buyer.
- It returns ``Authorized`` with a new id, ``Declined`` or ``Waiting``. The same ``key`` always means the same hold.
- From then on an answer about a hold names it by ``authorization_id``. Answers about ``payment.ended_holds`` change
  nothing.

**Cancelled orders.** :meth:`Method.void` releases a hold or closes a number. It returns ``Voided``, or ``Captured``
if the money came first. :meth:`Method.refund` returns money (``Refunded``, ``RefundWaiting`` or ``RefundDeclined``).

- The order of payment and cancellation does not matter: no money of a cancelled order stays.
- Noren also calls ``void`` if the answer to ``authorize`` was lost and a look-up found nothing. ``void`` returns
  ``Waiting`` as long as the lost call may still arrive. Noren then repeats it.

**Refunds.** Each refund is a request with its own key and amount. One refund is in progress at a time.

- With ``part_refunds`` the amount may be below the whole: staff refund a part (PAY-18) or an excess.
- A declined refund is requested again with a new key.
- A ``RefundDeclined`` without the provider's id of a refund is believed after a look-up that reports no new refund.

**Provider.** A method that shares its provider with no other is its own provider: it reads notices, limits calls and
closes connections. Another method returns its provider as :attr:`Method.provider`; see
``payments/providers/provider.py``.

**Pages.** A method may have pages, where a buyer starts, returns or reads instructions. :meth:`Method.router` returns
them.

- Their paths begin with ``/payments/<path>/``.
- Templates are in the folder ``templates`` of the method. Their names begin with the kind: ``konbini_number.html``.
- Pages only read. :meth:`Counter.hasten` makes the workers look a payment up at once.

**Settings** have the kind as prefix: ``KONBINI_URL``. :meth:`Method.from_environment` reads them.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol
from urllib.parse import urlencode

from payments.methods.menu import Menu as Menu
from payments.methods.menu import MenuChoice as MenuChoice
from payments.methods.menu import Option as Option
from payments.payment.rules.answers import Answer
from payments.payment.rules.details import Number
from payments.payment.rules.moves import State
from payments.payment.rules.order import Parcel
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.providers.provider import Notice as Notice
from payments.providers.provider import NoticeRefused as NoticeRefused
from payments.providers.provider import Provider
from payments.providers.provider import Shop as Shop

if TYPE_CHECKING:
    from fastapi import APIRouter

    from shared.database.transactions import Database
    from shared.web.pages import Pages

ANSWER_SECONDS_MAX = 12.0
"""The maximum duration of one call of a method, in seconds. Two calls fit into the lease of a request."""


class NotOffered(Exception):
    """The caller asked a method for something that its terms exclude. This is a bug of the caller."""


VisitOutcome = Literal["success", "cancel", "failure"]
"""The outcome that a provider names when it sends a buyer back. It proves nothing."""


@dataclass(frozen=True)
class Visit:
    """How a buyer leaves for the provider: to ``url``, by a form if there are hidden ``fields``.

    ``form_origins`` are further origins to which the form is redirected, such as ``https://pay.example``.
    """

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)
    form_origins: tuple[str, ...] = ()


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


class Method(Provider):
    """A payment method. The docstring of this module explains it.

    A method that shares its provider with no other is that provider, too.
    """

    kind: ClassVar[str]
    terms: Terms
    poll_seconds: Mapping[State, float] = {}
    look_after: timedelta = timedelta(0)
    """How long Noren asks about a number after its deadline, and about a payment without a number after its money came.

    0 means that no money comes or goes without Noren.
    """
    has_number_page: bool = False
    """Whether ``router`` has a page ``/payments/<path>/<order>?key=`` that explains how to pay a number."""

    @abstractmethod
    def menu(self) -> Menu:
        """Return what checkout may offer."""

    @property
    def name(self) -> str:
        """The name of the method as a provider: its kind."""
        return self.kind

    @property
    def provider(self) -> Provider:
        """The company behind the method.

        A provider that several methods share is ``shop.provider(...)``, kept by the method.
        """
        return self

    @property
    def go_path(self) -> str:
        """The path of the common page from which buyers leave for the provider."""
        return f"/payments/{self.path}/go"

    @property
    def back_path(self) -> str:
        """The path of the common page to which the provider sends buyers back; see :meth:`back_url`."""
        return f"/payments/{self.path}/back"

    def back_url(self, shop: Shop, payment: Payment, outcome: VisitOutcome = "success") -> str:
        """Return the address to give to the provider for the buyer's return, by GET or POST."""
        query = urlencode({"order": payment.order_code, "outcome": outcome})
        return f"{shop.origin_url.rstrip('/')}{self.back_path}?{query}"

    def visit(self, payment: Payment) -> Visit:
        """Return how the buyer leaves for the provider. It is made for each visit, without a call."""
        return Visit(payment.redirect_url)

    async def authorize(self, payment: Payment, *, key: str) -> Answer:
        """Hold ``payment.amount`` yen."""
        raise NotOffered(f"{self.kind} does not authorize {payment.order_code} ({key})")

    async def reauthorize(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Hold ``amount`` yen once more, after the earlier hold ended. Return ``Declined`` if the provider allows none."""
        raise NotOffered(f"{self.kind} does not reauthorize {amount} for {payment.order_code} ({key})")

    async def issue(self, payment: Payment, *, key: str) -> Answer:
        """Issue a number for ``payment.amount`` yen."""
        raise NotOffered(f"{self.kind} issues no number for {payment.order_code} ({key})")

    async def capture(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Capture ``amount`` yen of the hold."""
        raise NotOffered(f"{self.kind} does not capture {amount} for {payment.order_code} ({key})")

    async def void(self, payment: Payment, *, key: str) -> Answer:
        """Release the hold, or close the number."""
        raise NotOffered(f"{self.kind} does not void {payment.order_code} ({key})")

    async def refund(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Refund ``amount`` yen to the buyer."""
        raise NotOffered(f"{self.kind} does not refund {amount} for {payment.order_code} ({key})")

    async def tell_shipped(self, payment: Payment, parcel: Parcel, *, key: str) -> Answer:
        """Report the sent ``parcel`` to the provider. Return ``ShippingNoted`` or ``ShippingRefused``.

        A parcel that is reported twice is noted once.
        """
        raise NotOffered(f"{self.kind} is told of no parcel of {payment.order_code} ({key})")

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        """Return everything that the provider knows about the payment, oldest first; () if it knows nothing."""
        raise NotOffered(f"{self.kind} does not look up {payment.order_code}")

    def router(self, counter: Counter) -> "APIRouter | None":
        """Return the routes of the method's own pages, if it has any."""
        return None
