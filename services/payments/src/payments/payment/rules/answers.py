"""What a provider can say about a payment: the reply to a request, or what a look-up finds.

A reply, a notice and a look-up all end in these, and the same :func:`payments.payment.rules.settling.settle` hears
them, so their order does not matter. ``refs`` are the provider's own ids; they are kept with the payment and
a notice finds its payment by them. Amounts are integer yen, moments UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from shared.events.payments import FailureReason as FailureReason

RefundRoute = Literal["provider", "gift_card", "bank_transfer"]
ProviderStatus = Literal["承認済", "与信済"]
ChargebackState = Literal["open", "won", "lost"]


@dataclass(frozen=True, kw_only=True)
class _Answer:
    refs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Authorized(_Answer):
    """Credit is granted; no money has moved. ``card_amount`` and ``gift_balance_amount`` may stay 0."""

    authorization_id: str
    amount: int
    authorized_at: datetime
    card_amount: int = 0
    gift_balance_amount: int = 0
    instrument: str = ""
    provider_status: ProviderStatus = "与信済"


@dataclass(frozen=True, kw_only=True)
class Declined(_Answer):
    """The authorization or the number was refused for good, or the buyer gave up (PAY-22).

    ``in_doubt``: the buyer may still pay at the provider; what comes of that is given back.
    """

    reason: FailureReason
    detail: str = ""
    in_doubt: bool = False


@dataclass(frozen=True, kw_only=True)
class NeedsBuyer(_Answer):
    """The buyer has to go to ``redirect_url`` first; the same request is then made again. Empty where only
    :meth:`payments.methods.method.Method.visit` knows the way."""

    redirect_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Waiting(_Answer):
    """The provider has the request and has not decided; it is looked up until it has, never repeated."""

    ask_again_seconds: float = 30


@dataclass(frozen=True, kw_only=True)
class Issued(_Answer):
    """A number (or an account) under which the buyer can pay until ``due_at``."""

    number: str
    number_label: str
    due_at: datetime
    chain: str = ""
    chain_name: str = ""
    confirmation_number: str | None = None


@dataclass(frozen=True, kw_only=True)
class Captured(_Answer):
    """Money is ours. ``receipt_id`` is the provider's id of this one movement; it is booked once (M6).

    Less than what is missing is short money, for numbers and for holds alike. ``captured_on`` is the day, where only
    the day is known; ``captured_at`` is its beginning then. ``beside_hold``: others took it on the same agreement with the
    buyer, and not out of the hold of ours, which stands as it was.
    """

    amount: int
    captured_at: datetime
    receipt_id: str
    captured_on: date | None = None
    beside_hold: bool = False


@dataclass(frozen=True, kw_only=True)
class Reversed(_Answer):
    """The receipt ``receipt_id`` of ``amount`` came to nothing: the till took it back (速報取消)."""

    receipt_id: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class CaptureDeclined(_Answer):
    """The capture failed for ever and the hold ``authorization_id`` (the present one if empty) is gone (PAY-30)."""

    reason: str
    authorization_id: str = ""


@dataclass(frozen=True, kw_only=True)
class CaptureRefused(_Answer):
    """The provider will not capture now ("not now", never "never"): the hold stands; staff may ask again."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Voided(_Answer):
    """The hold ``authorization_id`` (the present one if empty) or the number is cancelled at the provider, or never
    existed there.

    ``in_doubt``: a call of ours whose answer was lost may still arrive there and hold money.
    """

    in_doubt: bool = False
    authorization_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Expired(_Answer):
    """The hold ``authorization_id`` (the present one if empty) or the number ran out unused."""

    authorization_id: str = ""


@dataclass(frozen=True, kw_only=True)
class OtherHold(_Answer):
    """A hold of ``amount`` that others asked for on the same agreement with the buyer; ``stands`` until it is over."""

    authorization_id: str
    amount: int
    stands: bool = True


@dataclass(frozen=True, kw_only=True)
class UnnamedCharges(_Answer):
    """``amount`` was charged on the agreement with the buyer by charges that nobody has named to us."""

    amount: int


@dataclass(frozen=True, kw_only=True)
class Refunded(_Answer):
    """``amount`` went back to the buyer by ``route``, whoever asked for it; ``refund_ref`` is the provider's id of the
    refund, and it is booked once by it. ``told_before`` as in :class:`RefundWaiting`.
    """

    refund_ref: str
    amount: int
    route: RefundRoute = "provider"
    told_before: int = 0


@dataclass(frozen=True, kw_only=True)
class RefundedInAll(_Answer):
    """All that went back at the provider by now sums up to ``amount``; listed behind the refunds that have names. ``before``:
    yen that it counted already, as far as was known when it was asked."""

    amount: int
    before: int = 0
    route: RefundRoute = "provider"


@dataclass(frozen=True, kw_only=True)
class ToldNoMore(_Answer):
    """``receipts`` and ``refunds`` (the provider's ids) were told and booked before it was asked, and are not told any more."""

    receipts: tuple[str, ...] = ()
    refunds: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Chargeback(_Answer):
    """The buyer disputes ``amount`` with the bank; we may answer until ``respond_by``. ``lost``: it was taken back.

    ``notice_id`` is the provider's id of the notice that alone told it: the same words in another notice are news.
    """

    reference: str
    amount: int
    respond_by: datetime | None = None
    state: ChargebackState = "open"
    notice_id: str = ""


@dataclass(frozen=True, kw_only=True)
class RefundWaiting(_Answer):
    """A refund is accepted and not done yet. ``looks``: up to that attempt a request only waited for it, unasked; a method
    says so with 1, where a refund of others has to end first.

    ``refund_refs`` are the provider's ids of it, where they are told already: a look is then the answer to our request,
    too. There are several where the provider has to give the amount back in parts.
    ``told_before``: yen that the provider counted as refunded when ours was asked for first, so ours is none of them.
    """

    ask_again_seconds: float = 30
    looks: int = 0
    refund_refs: tuple[str, ...] = ()
    told_before: int = 0


@dataclass(frozen=True, kw_only=True)
class RefundDeclined(_Answer):
    """The refund failed for good; a person has to find another way.

    ``refund_ref`` is the provider's id of it; empty if it was refused before it got one.
    """

    reason: str
    refund_ref: str = ""


@dataclass(frozen=True, kw_only=True)
class ShippingNoted(_Answer):
    """The provider knows by now that the parcel left."""


@dataclass(frozen=True, kw_only=True)
class ShippingRefused(_Answer):
    """The provider takes no word about this parcel; a person has to tell it in the provider's console."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Unknown(_Answer):
    """No answer, or none that says whether it was done (time-out, 429, 5xx, garbage): never a failure.

    ``mismatch``: there is an answer, but not one to what was asked, or none that can be written down: a person is
    called. ``to_request``: it came in reply to a request, which is not made again until a person has looked.
    ``doubted_refund`` is the provider's id of a refund that is not as large as was asked, ``not_ours`` that of an object
    that was told as the payment's and is not found, or names another parent. ``told_before`` as in :class:`RefundWaiting`.
    """

    reason: str
    retry_after_seconds: float | None = None
    mismatch: bool = False
    to_request: bool = False
    doubted_refund: str = ""
    not_ours: str = ""
    told_before: int = 0


Answer = (
    Authorized
    | Declined
    | NeedsBuyer
    | Waiting
    | Issued
    | Captured
    | Reversed
    | CaptureDeclined
    | CaptureRefused
    | Voided
    | Expired
    | OtherHold
    | UnnamedCharges
    | Refunded
    | RefundedInAll
    | ToldNoMore
    | Chargeback
    | RefundWaiting
    | RefundDeclined
    | ShippingNoted
    | ShippingRefused
    | Unknown
)
