"""A payment is one try for one amount. Its states, its moves, and what is known about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from payments.domain.answers import (
    Answer,
    Authorized,
    Captured,
    CaptureDeclined,
    CaptureRefused,
    Declined,
    Expired,
    Issued,
    NeedsBuyer,
    RefundDeclined,
    Refunded,
    RefundWaiting,
    Unknown,
    Voided,
    Waiting,
)
from payments.domain.terms import CapturePolicy

State = Literal[
    "placed",
    "requested",
    "waiting_for_buyer",
    "pending",
    "unknown",
    "waiting",
    "authorized",
    "reauthorizing",
    "capturing",
    "short",
    "captured",
    "voiding",
    "voided",
    "refunding",
    "refunded",
    "owed",
    "declined",
    "expired",
    "unmanaged",
]
Operation = Literal["authorize", "reauthorize", "issue", "capture", "void", "refund"]


@dataclass(frozen=True)
class NumberAsked:
    """Stock is held, so the buyer may get a number."""


@dataclass(frozen=True)
class CaptureAsked:
    """The shop wants its money: it shipped, or staff pressed the button."""


@dataclass(frozen=True)
class VoidAsked:
    """The order is cancelled and nothing is paid: give the hold, or the number, back."""


@dataclass(frozen=True)
class RefundAsked:
    """The order is cancelled and paid for: give the money back."""


_BEGUN: dict[type, State] = {
    NeedsBuyer: "waiting_for_buyer",
    Waiting: "pending",
    Unknown: "unknown",
    Issued: "waiting",
    Authorized: "authorized",
    Captured: "captured",
    Declined: "declined",
    Voided: "voided",
}
# Money of a payment that is over goes back (KON-39, F32); the only way out of these states.
_OVER: dict[type, State] = {Captured: "refunding", RefundAsked: "refunding"}

NEXT: dict[State, dict[type, State]] = {
    "placed": {NumberAsked: "requested", VoidAsked: "voided", Captured: "captured"},
    "requested": _BEGUN,
    "waiting_for_buyer": _BEGUN,
    "pending": {kind: state for kind, state in _BEGUN.items() if kind not in (NeedsBuyer, Unknown)},
    "unknown": _BEGUN,
    "waiting": {VoidAsked: "voiding", Captured: "captured", Voided: "voided", Expired: "expired"},
    "authorized": {
        CaptureAsked: "capturing",
        VoidAsked: "voiding",
        Captured: "captured",
        CaptureDeclined: "declined",
        Voided: "voided",
        Expired: "expired",
    },
    "capturing": {
        Waiting: "capturing",
        Unknown: "capturing",
        Captured: "captured",
        CaptureDeclined: "declined",
        CaptureRefused: "authorized",
        Voided: "voided",
        Expired: "expired",
    },
    "captured": {RefundAsked: "refunding"},
    "voiding": {Voided: "voided", Expired: "voided", Declined: "voided", Captured: "captured"},
    "refunding": {RefundWaiting: "refunding", Refunded: "refunded", RefundDeclined: "owed"},
    # Money is here that has to go back, and a refund of it failed: staff try again, or send it by another way.
    "owed": _OVER,
    "voided": _OVER,
    "declined": _OVER,
    "expired": _OVER,
    "refunded": {},
    "unmanaged": {},
}

NOT_YET: frozenset[State] = frozenset({"placed", "requested", "waiting_for_buyer", "pending", "unknown"})
"""States in which the provider's first word is still awaited."""
OVER: frozenset[State] = frozenset({"voided", "declined", "expired", "refunded", "owed", "unmanaged"})
"""States in which nothing more is expected of the buyer or the provider."""

# Which answers end a request; any other leaves it open, to be asked about again.
CONCLUDES: Mapping[Operation, tuple[type, ...]] = {
    "authorize": (Authorized, Declined, Captured, Voided),
    "issue": (Issued, Declined, Captured, Voided),
    "capture": (Captured, CaptureDeclined, CaptureRefused, Voided, Expired),
    "void": (Voided, Captured, Declined, Expired),
    "refund": (Refunded, RefundDeclined),
}


# A request is made only while the payment is where the request belongs; else it is no longer wanted.
WANTED_IN: Mapping[Operation, frozenset[State]] = {
    "authorize": NOT_YET,
    "issue": NOT_YET,
    "capture": frozenset({"capturing"}),
    # Also what is voided already: a hold that we asked for may still turn up.
    "void": frozenset({"voiding", "expired", "voided"}),
    "refund": frozenset({"refunding"}),
}


ABOUT_SPARE_MONEY = ("short_money", "excess_money", "late_money")


@dataclass(frozen=True)
class Number:
    """What the buyer pays under: a number in the chain's format, or an account."""

    number: str
    label: str
    due_at: datetime
    chain: str = ""
    confirmation_number: str | None = None


@dataclass(frozen=True)
class CaptureWish:
    """Who asked for the money, and whether the mail about it was wanted; remembered until it is here."""

    source: Literal["admin", "shipped", "manual_deposit"]
    send_mail: bool = False


@dataclass(frozen=True, kw_only=True)
class Payment:
    """Everything known about one try. ``refs`` are the provider's ids, ``choice`` what the buyer chose.

    ``captured_amount`` paid for the order; ``suspense_amount`` came in but belongs to no order (short,
    excess, late); ``refunded_amount`` went back, of either. ``order_cancelled`` outlives every state: what
    arrives after it goes back. ``receipts`` and ``refunds`` are what was booked, ``failed_refunds`` what came
    to nothing, by the provider's ids. ``attention`` is what a person should look at: words with spaces
    between them, see :meth:`calling`.
    """

    payment_id: UUID
    order_code: str
    method: str
    amount: int
    placed_at: datetime
    state: State = "placed"
    version: int = 1
    try_number: int = 1
    payer_name: str = ""
    choice: Mapping[str, str] = field(default_factory=dict)
    refs: Mapping[str, str] = field(default_factory=dict)
    capture_policy: CapturePolicy = "on_shipped"
    page_key: str = ""
    page_url: str = ""
    redirect_url: str = ""
    authorization_id: str = ""
    provider_status: str = ""
    instrument: str = ""
    number: Number | None = None
    capture_wish: CaptureWish | None = None
    order_cancelled: bool = False
    captured_amount: int = 0
    suspense_amount: int = 0
    refunded_amount: int = 0
    ended_holds: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()
    refunds: tuple[str, ...] = ()
    failed_refunds: tuple[str, ...] = ()
    attention: str = ""

    @property
    def held_amount(self) -> int:
        """Money of the buyer that is with us: captured or in suspense, and not given back."""
        return self.captured_amount + self.suspense_amount - self.refunded_amount

    @property
    def spare_amount(self) -> int:
        """What is in suspense and not given back: money that is here and belongs to no order."""
        return max(self.suspense_amount - self.refunded_amount, 0)

    @property
    def keeps_its_sale(self) -> bool:
        """Whether the order is paid and goes on: it keeps what it cost, and only what is spare may go back."""
        return self.state == "captured" and self.captured_amount > 0 and not self.order_cancelled

    @property
    def calls(self) -> tuple[str, ...]:
        """The words of ``attention``: none of them hides another."""
        return tuple(self.attention.split())

    def calling(self, word: str) -> "Payment":
        """Return the payment with ``word`` among its calls; the last word about spare money replaces others."""
        rest = self.not_calling(*ABOUT_SPARE_MONEY) if word in ABOUT_SPARE_MONEY else self
        words = rest.calls if word in rest.calls else (*rest.calls, word)
        return replace(self, attention=" ".join(words))

    def not_calling(self, *over: str) -> "Payment":
        """Return the payment without the words that are ``over``."""
        return replace(self, attention=" ".join(word for word in self.calls if word not in over))

    def heard_before(self, answer: Answer) -> bool:
        """Whether ``answer`` is the end of a refund that this payment knows already, wherever it is listed."""
        match answer:
            case Refunded():
                return answer.refund_ref in self.refunds
            case RefundDeclined():
                return answer.refund_ref in (*self.refunds, *self.failed_refunds)
        return False
