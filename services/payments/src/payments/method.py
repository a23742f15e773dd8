"""The contract of a payment method, told as a walk through one payment.

A method is a folder in ``payments/methods/``; its name is the ``kind`` used in events, pages and tables. Its
``__init__.py`` sets ``METHOD`` to a subclass of :class:`Method`. Nothing else has to change anywhere: the
folder is found, ``PAYMENTS_METHODS=konbini,amazon_pay,...`` switches it on, checkout learns the menu from
``GET /api/payments/methods``, and ``tests/payments/methods/test_every_method.py`` drives its simulator.

**The menu.** Before there is a payment there is a choice. :meth:`Method.menu` says what checkout may offer:
name, limits, choices such as the chain of konbini. It is data; it is fetched now and then and kept. ``flow``, ``deposit``
and ``paid_before_shipping`` of :attr:`Method.terms` go with it: they are all that checkout asks about the method's orders.

**OrderPlaced.** A :class:`~payments.domain.payment.Payment` row is made with a copy of what the buyer chose
(``payment.choice``), the order's total (``payment.amount``) and the name of the buyer. What happens next
follows from :attr:`Method.terms`:

- flow ``authorized``: a request ``authorize`` is written down. The runner takes it up and calls
  :meth:`Method.authorize`. Usual answers: ``Authorized``, ``Declined`` with one of the reasons of PAY-22,
  ``NeedsBuyer`` if the buyer has to visit the provider first, ``Waiting`` if the provider is still thinking.
- flow ``prepaid``: once checkout says ``StockReserved`` a request ``issue`` is written down and
  :meth:`Method.issue` answers ``Issued`` (or ``Declined``). Then everybody waits for the buyer.
- flow ``unmanaged``: nothing is ever called (cash on delivery).

**How a call is made.** Every request is a row, committed before the call, and no transaction is open while
the method talks. ``key`` is the id of that row: 32 hexadecimal digits, the same for every repetition, so
give it to the provider as idempotency key. A method never raises for what a provider does. Whatever leaves
it unclear whether the thing was done (time-out, broken connection, 429, 5xx, a body that makes no sense) is
``Unknown``, with ``retry_after_seconds`` if the provider named a time. A method does not retry by itself and
answers within :data:`CALL_SECONDS_MAX`; the runner asks again later, each pause longer than the last.

**A lost answer.** Before any repetition the runner calls :meth:`Method.look_up`. It returns *everything* the
provider knows about this payment, oldest first: ``(Authorized, Captured)`` for a captured charge, ``()`` if
the provider has never heard of it, ``(Unknown,)`` if the provider does not answer, also ``Waiting`` and
``RefundWaiting`` for what is still open. Old news does no harm. Only if the look-up holds no answer to the
open request is the call made again, with the same key. Find things by the ids in ``payment.refs``, or by
``payment.payment_id.hex``, which should go to the provider with the first call for exactly this purpose.

**References.** Each answer may carry ``refs``, such as ``{"charge_id": "S03-..."}``. They are merged into
``payment.refs``, and a notice finds its payment by their values.

**Refunds made elsewhere.** Staff give money back in the provider's console, too. A look-up tells each refund that
is done as ``Refunded`` with the provider's id, whoever asked for it, and, where the provider knows the sum but not
every refund, ``RefundedInAll`` behind them. Both count in every state of the payment, on a live order, too.

**Notices.** What the provider posts to ``/payments/<path>/notices`` goes to :meth:`Method.read_notice`,
which proves that it is genuine and returns the provider's id of the notice and the reference it is about. It
is stored, committed and answered with 200; then, as due work, the payment is looked up. A notice is a hint:
what it claims is never believed, only what the look-up says. Ids that only the notice names (a refund made in the
console) are its ``refs``; the look-up must see that they belong to the payment. A ``Chargeback`` that the provider
cannot be asked about is its ``alert``: it calls a person. A kind that the method does not know is ``known=False``:
it is looked at and listed for staff. A forged one raises :class:`NoticeRefused`.

**Notices that never come.** :attr:`Method.poll_seconds` names, per state, how often the provider is asked
anyway. The deadline of a number is kept by us: at ``due_at`` plus the grace of the terms the provider is
asked a last time, and only then has the payment expired. :meth:`Method.void` then tells the provider. Numbers
are paid twice, and after they expired or were cancelled, and notices of that get lost too: where
:attr:`Method.look_after` says so, a number is asked about daily whatever became of its payment, and a payment without
a number after its money came: somebody may give it back in the provider's console, even more than there was.

**The money.** For terms with deposit ``capture`` the shop's policy decides when :meth:`Method.capture` is
called: it answers ``Captured``, ``CaptureDeclined`` (never: the authorization is gone), ``CaptureRefused`` (not
now: it still stands) or ``Waiting``. It is called at most once per hold unless refused. For ``automatic`` the
look-up returns ``Captured`` for each receipt. For ``by_hand`` staff record the deposit; nothing is called.

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

**Pages.** A method that needs pages of its own (where a buyer starts, returns or reads instructions) hands
them over as :meth:`Method.router`; paths begin with ``/payments/<path>/``. Templates stand in its folder
``templates``, their names begin with the kind: ``konbini_number.html``. Pages read; they never settle:
:meth:`Counter.hasten` makes the workers look at a payment at once.

**Settings** take the prefix of the kind: ``KONBINI_URL``. :meth:`Method.from_environment` reads them.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from payments.domain.answers import Answer, Chargeback
from payments.domain.moves import State
from payments.domain.payment import Payment
from payments.domain.terms import Terms

if TYPE_CHECKING:
    from fastapi import APIRouter

    from shared.database import Database
    from shared.statements import Issuer
    from shared.web.pages import Pages

CALL_SECONDS_MAX = 12.0
"""How long one call of a method may take; two of them fit into the lease of a request."""


class NotOffered(Exception):
    """The method was asked for something that its terms rule out: a bug of the caller."""


class NoticeRefused(Exception):
    """The notice is forged, malformed or not to be proved now; nothing is stored.

    ``code`` goes to the log; ``status`` is answered: 503 where the sender shall come again. ``genuine``: the sender
    is proved, but nobody can read what it says; it is kept for staff, and the answer stays the same.
    """

    def __init__(self, code: str, *, status: int = 400, genuine: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.genuine = genuine


@dataclass(frozen=True)
class Notice:
    """A notice that proved genuine. ``reference`` is one of the payment's ``refs``, or its hexadecimal id;
    None if it is about no payment. ``notice_id`` is the provider's: the same id is stored once.

    ``refs`` are ids that the look-up shall ask about as well, ``alert`` what only the notice can tell. ``known``:
    whether the method knows what such a notice means; else staff are shown it.
    """

    notice_id: str
    reference: str | None
    summary: str = ""
    refs: Mapping[str, str] = field(default_factory=dict)
    alert: Chargeback | None = None
    known: bool = True


@dataclass(frozen=True)
class Option:
    """One thing a buyer can choose, such as a chain."""

    value: str
    label: str


@dataclass(frozen=True)
class Choice:
    """A choice the buyer makes at the order; it travels as ``payment_choice[name]``."""

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True, kw_only=True)
class Menu:
    """What checkout has to know to offer the method and to run its desk (features.md Appendix B.1).

    ``name`` is what the shop may change (AP-33), ``button_label`` what stands on a wallet's button whatever the name.
    ``confirm_path`` is where the buyer goes once the order is placed.

    Amounts in yen, inclusive; ``amount_max=None`` is no limit. ``bulk_capture`` and ``manual_deposit`` say
    whether 「注文を入金済みにする」 may tick the order and whether a deposit date may be entered (PAY-06,
    PAY-07); ``deposit_mail`` whether the deposit mail may be sent at all (X-11); ``warn_early_processed``
    whether an early 処理済み would hide an uncaptured order (PAY-11). Checkout of the former release reads
    ``authorized_at_order``, ``auto_captured`` and ``manual_deposit``; this one reads the method's terms beside them.
    """

    kind: str
    name: str
    group: str
    hint: str = ""
    needs_wallet: bool = False
    button_label: str = ""
    confirm_path: str | None = None
    amount_min: int = 1
    amount_max: int | None = None
    fee: int = 0
    choices: tuple[Choice, ...] = ()
    authorized_at_order: bool = False
    auto_captured: bool = False
    bulk_capture: bool = False
    manual_deposit: bool = False
    deposit_mail: bool = True
    provider_status_shown: bool = False
    warn_early_processed: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the menu entry as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Shop:
    """What the service tells every method about the shop it works for.

    ``issuer`` signs wallet statements; None where no page is served. ``environment`` are the settings.
    """

    origin_url: str
    sandbox: bool
    environment: Mapping[str, str] = field(default_factory=dict)
    issuer: "Issuer | None" = None


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
        """Add the buyer's later choices (such as another chain) to ``payment.refs``; return the payment."""
        ...

    async def hasten(self, order_code: str) -> None:
        """Let the workers look at the order's payment now, as when the buyer returns from the provider."""
        ...


class Method(ABC):
    """A payment method. See the text at the head of this module."""

    kind: ClassVar[str]
    terms: Terms
    poll_seconds: Mapping[State, float] = {}
    look_after: timedelta = timedelta(0)
    """How long a number is still asked about after its deadline, and a payment without one after its money came; 0 where
    neither money comes nor goes without us."""
    has_number_page: bool = False
    """Whether ``router`` has a page ``/payments/<path>/<order>?key=`` that tells how to pay a number."""
    calls_at_once_max: int = 4
    """How many requests a worker has open at this provider at the same time."""

    @classmethod
    @abstractmethod
    def from_environment(cls, shop: Shop) -> Self:
        """Make the method from its settings. Raises ValueError (pydantic) if they are not complete."""

    @abstractmethod
    def menu(self) -> Menu:
        """Return what checkout may offer."""

    @property
    def path(self) -> str:
        """The segment after ``/payments/`` in the addresses of this method."""
        return self.kind

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

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        """Return everything the provider knows about the payment, oldest first; () if it knows nothing."""
        raise NotOffered(f"{self.kind} does not look up {payment.order_code}")

    async def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Prove that a notice is genuine and say what it is about. Raises NoticeRefused."""
        raise NoticeRefused(f"{self.kind}_sends_no_notices")

    def router(self, counter: Counter) -> "APIRouter | None":
        """Return the routes of the method's own pages, if it has any."""
        return None

    async def close(self) -> None:  # noqa: B027 - most methods have nothing to close
        """Close connections."""
