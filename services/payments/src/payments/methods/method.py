"""The contract of a payment method, told as a walk through one payment.

A method is a folder in ``payments/methods/``; its name is the ``kind`` used in events, pages and tables. Its
``__init__.py`` sets ``METHOD`` to a subclass of :class:`Method`. Nothing else has to change anywhere: the
folder is found, ``PAYMENTS_METHODS=konbini,amazon_pay,...`` switches it on, checkout learns the menu from
``GET /api/payments/methods``, and ``tests/payments/methods/test_every_method.py`` drives its simulator.

**The menu.** Before there is a payment there is a choice. :meth:`Method.menu` says what checkout may offer:
name, limits, choices such as the chain of konbini. It is data; it is fetched now and then and kept. ``flow``, ``deposit``
and ``paid_before_shipping`` of :attr:`Method.terms` go with it: they are all that checkout asks about the method's orders.

**OrderPlaced.** A :class:`~payments.payment.rules.payment.Payment` row is made with a copy of what the buyer chose
(``payment.choice``), the order's total (``payment.amount``) and the name of the buyer. The order as it was placed
(buyer, addresses, lines, amounts) is kept beside it and is ``payment.order`` wherever a method is asked; send a
provider no more of it than it needs, and write none of it into ``refs``, answers or logs. What happens next follows
from :attr:`Method.terms`:

- flow ``authorized``: a request ``authorize`` is written down. The runner takes it up and calls
  :meth:`Method.authorize`. Usual answers: ``Authorized``, ``Declined`` with one of the reasons of PAY-22,
  ``NeedsBuyer`` if the buyer has to visit the provider first, ``Waiting`` if the provider is still thinking.
- flow ``prepaid``: once checkout says ``StockReserved`` a request ``issue`` is written down and
  :meth:`Method.issue` answers ``Issued`` (or ``Declined``). Then everybody waits for the buyer.
- flow ``unmanaged``: nothing is ever called (cash on delivery).

**A visit.** A method whose buyer goes to the provider's page names ``visit`` in its terms, the time it may take, and
:attr:`Method.go_path` as ``confirm_path`` in its menu. Checkout sends the buyer to that page once the order is placed.
:meth:`Method.authorize` (or ``issue``) prepares the provider, gives it :meth:`Method.back_url` and answers
``NeedsBuyer``; the common page then sends the buyer on, by a redirect or by a form, as :meth:`Method.visit` says. The
return proves nothing: it hastens a look, and :meth:`Method.look_up` tells ``Authorized`` (or ``Issued``) when it is
so, and nothing while the buyer is on the way. A visit that is not over in time has failed (``buyer_abandoned``);
:meth:`Method.void` is called then, as below, until nothing can come of it any more.

**How a call is made.** Every request is a row, committed before the call, and no transaction is open while
the method talks. ``key`` is the id of that row: 32 hexadecimal digits, the same for every repetition, so
give it to the provider as idempotency key. A method never raises for what a provider does. Whatever leaves
it unclear whether the thing was done (time-out, broken connection, 429, 5xx, a body that makes no sense) is
``Unknown``, with ``retry_after_seconds`` if the provider named a time. A method does not retry by itself and
answers within :data:`ANSWER_SECONDS_MAX`; the runner asks again later, each pause longer than the last.

**A lost answer.** Before any repetition the runner calls :meth:`Method.look_up`. It returns *everything* the
provider knows about this payment, oldest first: ``(Authorized, Captured)`` for a captured charge, ``()`` if
the provider has never heard of it, ``(Unknown,)`` if the provider does not answer, or refuses the question in words that are
not known, or does not find what it has named to us before (with ``mismatch``), also ``Waiting`` and
``RefundWaiting`` for what is still open. Old news does no harm. Only if the look-up holds no answer to the
open request is the call made again, with the same key. Find things by the ids in ``payment.refs``, or by
``payment.payment_id.hex``, which should go to the provider with the first call for exactly this purpose.

**References.** Each answer may carry ``refs``, such as ``{"charge_id": "S03-..."}``. They are merged into
``payment.refs``, and a notice finds its payment by their values.

**Refunds made elsewhere.** Staff give money back in the provider's console, too. A look-up tells each refund that
is done as ``Refunded`` with the provider's id, whoever asked for it, and, where the provider knows the sum but not
every refund, ``RefundedInAll`` behind them. Both count in every state of the payment, on a live order, too.

**Answers that do not fit.** Every answer is compared with what was asked (``payment/rules/checking.py``). A method does the same
with what only it can read: the ids of what it asked about, and the currency. What is about something else is
``Unknown`` with ``mismatch``; it never changes ``refs``.

**What others do.** Where others can charge the agreement with the buyer beside us, their money is ``Captured`` with
``beside_hold`` and their hold an ``OtherHold``; :meth:`Method.void` and :meth:`Method.reauthorize` let
``payment.other_holds`` go, too.

**Notices.** What the provider posts to ``/payments/<path>/notices`` goes to :meth:`Provider.read_notice`,
which proves that it is genuine and returns the provider's id of the notice and the reference it is about. It
is stored, committed and answered with 200; then, as due work, the payment is looked up. A notice is a hint:
what it claims is never believed, only what the look-up says. Ids that only the notice names (a refund made in the
console, a charge of others) are its ``refs``; the look-up must see that they belong to the payment. A ``Chargeback`` that the provider
cannot be asked about is its ``alert``: it calls a person; told by another notice it is news, told by a look only once. A kind that the method does not know is ``known=False``:
it is looked at and listed for staff. A forged one raises :class:`NoticeRefused`.

**Notices that never come.** :attr:`Method.poll_seconds` names, per state, how often the provider is asked
anyway. The deadline of a number is kept by us: at ``due_at`` plus the grace of the terms the provider is
asked a last time, and only then has the payment expired. :meth:`Method.void` then tells the provider. Numbers
are paid twice, and after they expired or were cancelled, and notices of that get lost too: where
:attr:`Method.look_after` says so, a number is asked about daily whatever became of its payment, and a payment without
a number after its money came: somebody may give it back in the provider's console, even more than there was.

**The money.** For terms with deposit ``capture`` the shop's policy decides when :meth:`Method.capture` is
called: it answers ``Captured``, ``CaptureDeclined`` (never: the authorization is gone), ``CaptureRefused`` (not
now: it still stands) or ``Waiting``. It is called at most once per hold unless refused; with ``part_captures``,
once for each part, ``amount`` below the whole: a ``Captured`` of less leaves the rest held, and :meth:`Method.void`
lets that rest go (``Voided``). For ``automatic`` the look-up returns ``Captured`` for each receipt. For ``by_hand``
staff record the deposit; nothing is called.

**Parcels.** With ``parcels="kept"`` what left (carrier, tracking number, date) is ``payment.parcels`` at the capture;
with ``"told"`` :meth:`Method.tell_shipped` is called for each as well.

**A hold that ends.** It runs out, its capture is declined for good, or less than the whole is captured in the
console: ``Expired``, ``Voided``, ``CaptureDeclined`` or ``Captured`` with less tell so. Where the terms say
``may_reauthorize``, staff may then have :meth:`Method.reauthorize` called: hold what is still missing once more, on
what the buyer agreed to. It answers ``Authorized`` with a new id, ``Declined`` or ``Waiting``; the same ``key``
stands for the same hold. From then on answers about a hold name it by ``authorization_id``; those about holds in
``payment.ended_holds`` are old news.

**Cancelled orders.** An authorization or number is given back by :meth:`Method.void` (``Voided``, or
``Captured`` if the money came first), money by :meth:`Method.refund` (``Refunded``, ``RefundWaiting`` or
``RefundDeclined``). Whichever of payment and cancellation comes first, no money of a cancelled order stays.
``void`` is also called where the answer to ``authorize`` was lost and a look found nothing: as long as that
call may still arrive at the provider it answers ``Waiting``, and is asked again.

**Refunds.** Each is a request with a key and an amount of its own, one at a time; with ``part_refunds`` the amount may
be below the whole, because staff give back a part (PAY-18) or what was paid too much. One that was declined is asked
for again with a new key. A ``RefundDeclined`` without the provider's id of a refund is believed once a look right after it
tells of no new one.

**Provider.** A method that has its provider to itself is its own provider: it reads notices, bounds calls and closes
connections. One that shares it names it as :attr:`Method.provider`; see ``payments/providers/provider.py``.

**Pages.** A method that needs pages of its own (where a buyer starts, returns or reads instructions) hands
them over as :meth:`Method.router`; paths begin with ``/payments/<path>/``. Templates stand in its folder
``templates``, their names begin with the kind: ``konbini_number.html``. Pages read; they never settle:
:meth:`Counter.hasten` makes the workers look at a payment at once.

**Settings** take the prefix of the kind: ``KONBINI_URL``. :meth:`Method.from_environment` reads them.
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
"""How long one call of a method may take; two of them fit into the lease of a request."""


class NotOffered(Exception):
    """The method was asked for something that its terms rule out: a bug of the caller."""


VisitOutcome = Literal["success", "cancel", "failure"]
"""With which words a provider sends a buyer back; it proves nothing."""


@dataclass(frozen=True)
class Visit:
    """How a buyer leaves for the provider: to ``url``, by a form with hidden ``fields`` if there are any.

    ``form_origins``: further origins to which that form is redirected, such as ``https://pay.example``.
    """

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)
    form_origins: tuple[str, ...] = ()


class Counter(Protocol):
    """What a method's own pages may use."""

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
        """Add the buyer's later choices to ``payment.refs``; return the payment."""
        ...

    async def choose_chain(
        self, order_code: str, chain: str, chain_name: str, told: Callable[[Payment], Number | None]
    ) -> None:
        """Remember the chain that the buyer chose; all who show the number hear it in the words of ``told``."""
        ...

    async def hasten(self, order_code: str) -> None:
        """Let the workers look at the order's payment now, as when the buyer returns from the provider."""
        ...


class Method(Provider):
    """A payment method. See the text at the head of this module.

    One that has its provider to itself is that provider, too.
    """

    kind: ClassVar[str]
    terms: Terms
    poll_seconds: Mapping[State, float] = {}
    look_after: timedelta = timedelta(0)
    """How long a number is still asked about after its deadline, and a payment without one after its money came; 0 where
    neither money comes nor goes without us."""
    has_number_page: bool = False
    """Whether ``router`` has a page ``/payments/<path>/<order>?key=`` that tells how to pay a number."""

    @abstractmethod
    def menu(self) -> Menu:
        """Return what checkout may offer."""

    @property
    def name(self) -> str:
        """The name of the method as a provider: its kind."""
        return self.kind

    @property
    def provider(self) -> Provider:
        """The company behind the method. One that it shares with others is ``shop.provider(...)``, kept by the method."""
        return self

    @property
    def go_path(self) -> str:
        """The common page from which buyers leave for the provider."""
        return f"/payments/{self.path}/go"

    @property
    def back_path(self) -> str:
        """The common page to which the provider sends buyers back; see :meth:`back_url`."""
        return f"/payments/{self.path}/back"

    def back_url(self, shop: Shop, payment: Payment, outcome: VisitOutcome = "success") -> str:
        """Return the address to give to the provider for the buyer's return, by GET or POST."""
        query = urlencode({"order": payment.order_code, "outcome": outcome})
        return f"{shop.origin_url.rstrip('/')}{self.back_path}?{query}"

    def visit(self, payment: Payment) -> Visit:
        """Return how the buyer leaves for the provider, made anew for each visit; asks nobody."""
        return Visit(payment.redirect_url)

    async def authorize(self, payment: Payment, *, key: str) -> Answer:
        """Hold ``payment.amount``."""
        raise NotOffered(f"{self.kind} does not authorize {payment.order_code} ({key})")

    async def reauthorize(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Hold ``amount`` yen once more; the earlier hold is over. ``Declined`` where the provider allows none."""
        raise NotOffered(f"{self.kind} does not reauthorize {amount} for {payment.order_code} ({key})")

    async def issue(self, payment: Payment, *, key: str) -> Answer:
        """Issue a number for ``payment.amount``."""
        raise NotOffered(f"{self.kind} issues no number for {payment.order_code} ({key})")

    async def capture(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Take ``amount`` yen of the authorization."""
        raise NotOffered(f"{self.kind} does not capture {amount} for {payment.order_code} ({key})")

    async def void(self, payment: Payment, *, key: str) -> Answer:
        """Give the authorization or the number back."""
        raise NotOffered(f"{self.kind} does not void {payment.order_code} ({key})")

    async def refund(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Give ``amount`` yen back to the buyer."""
        raise NotOffered(f"{self.kind} does not refund {amount} for {payment.order_code} ({key})")

    async def tell_shipped(self, payment: Payment, parcel: Parcel, *, key: str) -> Answer:
        """Tell the provider that ``parcel`` left. ``ShippingNoted`` or ``ShippingRefused``; told twice, it is noted once."""
        raise NotOffered(f"{self.kind} is told of no parcel of {payment.order_code} ({key})")

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        """Return everything the provider knows about the payment, oldest first; () if it knows nothing."""
        raise NotOffered(f"{self.kind} does not look up {payment.order_code}")

    def router(self, counter: Counter) -> "APIRouter | None":
        """Return the routes of the method's own pages, if it has any."""
        return None
