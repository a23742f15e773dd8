"""What a provider can report about a payment: the reply to a request, or what a look-up finds.

Replies, notices and look-ups all end in these classes. :func:`payments.payment.rules.settling.settle_answer` applies
them in any order. ``refs`` are the provider's own ids. The payment keeps them, and a notice finds its payment by them.
Rows and the history have each class under its :func:`stored_name`. Amounts are integer yen, moments UTC.
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
    """The provider holds the money; no money has moved. ``card_amount`` and ``gift_balance_amount`` may be 0."""

    authorization_id: str
    amount: int
    authorized_at: datetime
    card_amount: int = 0
    gift_balance_amount: int = 0
    instrument: str = ""
    provider_status: ProviderStatus = "与信済"


@dataclass(frozen=True, kw_only=True)
class Declined(_Answer):
    """The provider refused the authorization or the number for good, or the buyer gave up (PAY-22).

    ``in_doubt``: the buyer may still pay at the provider. Noren refunds any money that then arrives.
    """

    reason: FailureReason
    detail: str = ""
    in_doubt: bool = False


@dataclass(frozen=True, kw_only=True)
class NeedsBuyer(_Answer):
    """The buyer has to go to ``redirect_url`` first. The same request is then made again.

    The address is empty if only :meth:`payments.methods.visits.Visits.visit` knows the way.
    """

    redirect_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Waiting(_Answer):
    """The provider has the request and has not decided. Noren looks it up until it has, and never repeats it."""

    ask_again_seconds: float = 30


@dataclass(frozen=True, kw_only=True)
class Issued(_Answer):
    """The provider issued a number (or an account) under which the buyer can pay until ``due_at``."""

    number: str
    number_label: str
    due_at: datetime
    chain: str = ""
    chain_name: str = ""
    confirmation_number: str | None = None


@dataclass(frozen=True, kw_only=True)
class Captured(_Answer):
    """Money came in. ``receipt_id`` is the provider's id of this one movement; it is booked once (M6).

    An amount below the missing one is short money, for numbers and for holds. ``captured_on`` is the day, if only the
    day is known; ``captured_at`` is then its beginning. ``beside_hold``: others took the money on the same agreement
    with the buyer. Noren's hold is unchanged.
    """

    amount: int
    captured_at: datetime
    receipt_id: str
    captured_on: date | None = None
    beside_hold: bool = False


@dataclass(frozen=True, kw_only=True)
class Reversed(_Answer):
    """The till took the receipt ``receipt_id`` of ``amount`` yen back (速報取消)."""

    receipt_id: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class CaptureDeclined(_Answer):
    """The capture failed finally. The hold ``authorization_id`` (the present one if empty) is gone (PAY-30)."""

    reason: str
    authorization_id: str = ""


@dataclass(frozen=True, kw_only=True)
class CaptureRefused(_Answer):
    """The provider does not capture now, but may later. The hold still exists, and staff may try again."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Voided(_Answer):
    """The hold ``authorization_id`` (the present one if empty) or the number does not exist any more, or never did.

    ``in_doubt``: a request whose answer was lost may still reach the provider and hold money.
    """

    in_doubt: bool = False
    authorization_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Expired(_Answer):
    """The hold ``authorization_id`` (the present one if empty) or the number expired unused."""

    authorization_id: str = ""


@dataclass(frozen=True, kw_only=True)
class OtherHold(_Answer):
    """A hold of ``amount`` yen that others requested on the same agreement. ``stands`` is true until it ends."""

    authorization_id: str
    amount: int
    stands: bool = True


@dataclass(frozen=True, kw_only=True)
class UnnamedCharges(_Answer):
    """``amount`` yen were charged on the agreement with the buyer by charges that nobody has named to Noren."""

    amount: int


@dataclass(frozen=True, kw_only=True)
class Refunded(_Answer):
    """``amount`` yen went back to the buyer by ``route``, whoever requested it.

    ``refund_ref`` is the provider's id of the refund; it is booked once. ``refunded_before`` is as in
    :class:`RefundWaiting`.
    """

    refund_ref: str
    amount: int
    route: RefundRoute = "provider"
    refunded_before: int = 0


@dataclass(frozen=True, kw_only=True)
class RefundedInAll(_Answer):
    """The provider's sum of all refunds by now is ``amount`` yen.

    In a list it comes after the refunds with ids. ``expected_before``: the sum that Noren knew when it asked.
    """

    amount: int
    expected_before: int = 0
    route: RefundRoute = "provider"


@dataclass(frozen=True, kw_only=True)
class NoLongerReported(_Answer):
    """``receipts`` and ``refunds`` (the provider's ids) were reported and booked before, and are not reported now."""

    receipts: tuple[str, ...] = ()
    refunds: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Chargeback(_Answer):
    """The buyer disputes ``amount`` yen with the bank. The shop may answer until ``respond_by``.

    In state ``lost`` the bank has taken the money. ``notice_id`` is the provider's id of the notice that alone reported
    it. The same facts in another notice are new.
    """

    reference: str
    amount: int
    respond_by: datetime | None = None
    state: ChargebackState = "open"
    notice_id: str = ""


@dataclass(frozen=True, kw_only=True)
class RefundWaiting(_Answer):
    """The provider accepted a refund and has not completed it.

    ``looks``: the number of attempts that only looked the payment up and sent nothing. A method returns 1 if a refund
    of others has to end first. ``refund_refs`` are the provider's ids of the refund, if it has reported them. A look-up
    then answers Noren's request, too. There are several ids if the provider refunds in parts. ``refunded_before``: the
    yen that the provider counted as refunded before Noren's first request. Noren's refund is none of them.
    """

    ask_again_seconds: float = 30
    looks: int = 0
    refund_refs: tuple[str, ...] = ()
    refunded_before: int = 0


@dataclass(frozen=True, kw_only=True)
class RefundDeclined(_Answer):
    """The refund failed finally. A person has to find another way.

    ``refund_ref`` is the provider's id of the refund. It is empty if the refund was refused before it got one.
    """

    reason: str
    refund_ref: str = ""


@dataclass(frozen=True, kw_only=True)
class ShippingNoted(_Answer):
    """The provider knows that the parcel was sent."""


@dataclass(frozen=True, kw_only=True)
class ShippingRefused(_Answer):
    """The provider accepts no report of this parcel. A person has to enter it in the provider's console."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Unknown(_Answer):
    """There is no answer, or none that proves an effect (time-out, 429, 5xx, garbage). It is never a failure.

    - ``mismatch``: the answer is about something else, or the books cannot hold it. Noren calls a person.
    - ``to_request``: the answer was the reply to a request. The request is not repeated until a person has looked.
    - ``unfit_refund_ref``: the provider's id of a refund with another amount than the request.
    - ``ref_of_others``: the id of an object that was reported for the payment, but is not found or names another parent.
    - ``refunded_before``: as in :class:`RefundWaiting`.
    """

    reason: str
    retry_after_seconds: float | None = None
    mismatch: bool = False
    to_request: bool = False
    unfit_refund_ref: str = ""
    ref_of_others: str = ""
    refunded_before: int = 0


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
    | NoLongerReported
    | Chargeback
    | RefundWaiting
    | RefundDeclined
    | ShippingNoted
    | ShippingRefused
    | Unknown
)

_STORED_AS: Mapping[type, str] = {NoLongerReported: "ToldNoMore"}


def stored_name(kind: type) -> str:
    """Return the name of a class of answers in rows and in the history. It never changes; the name in the code may."""
    return _STORED_AS.get(kind, kind.__name__)
