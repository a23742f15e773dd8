"""What payments says."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.events._desk import DeskEvent
from shared.events._event import Event, Yen
from shared.events._open import Open

FailureReason = Literal[
    "marketplace_not_supported",
    "insufficient_balance",
    "wrong_card_data",
    "expired_card",
    "limit_exceeded",
    "amount_mismatch",
    "buyer_abandoned",
    "declined",
    "provider_error",
]
"""Why a provider refused, or what the buyer did not do (PAY-22)."""
CaptureSource = Literal["admin", "shipped", "provider_console", "konbini_notice", "manual_deposit"]
"""Where the wish or the news came from that the money is ours."""
RefundRoute = Literal["provider", "gift_card", "bank_transfer"]
"""The way on which money went back to the buyer."""
Call = Literal[
    "short_money",
    "excess_money",
    "late_money",
    "capture_failed",
    "refund_failed",
    "refunded_elsewhere",
    "chargeback",
    "chargeback_lost",
    "receipt_reversed",
    "refund_unexplained",
    "shipping_untold",
    "answer_mismatch",
    "other_hold",
    "charge_unknown",
    "no_answer",
    "authorization_ended",
]
"""What asks for a person to look at a payment. Events and rows hold it as text: another release may know more."""


class PaymentsEvent(Event):
    """Only payments may say these. A payment is one try for one amount.

    ``by`` is the name of the person whose deed it was, or who asked the provider for it; empty where nobody did.
    """

    producer: ClassVar[str] = "payments"
    order_code: str
    payment_id: UUID
    payment_kind: str
    by: str = ""


class PaymentAuthorized(PaymentsEvent):
    """The provider granted credit at order time; no money has moved yet."""

    authorization_id: str
    amount: Yen
    card_amount: Yen = 0
    gift_balance_amount: Yen = 0
    instrument: str = ""
    authorized_at: datetime
    provider_status: Open[Literal["承認済", "与信済"]]


class PaymentFailed(PaymentsEvent):
    """The provider refused, or the buyer gave up; the order cannot be paid by this try (PAY-22)."""

    reason: Open[FailureReason]


class PaymentNumberIssued(PaymentsEvent):
    """A payment number is valid until ``due_at``, six days after its issue (KON-16).

    Money that is seen up to ``accepted_until`` is still taken (KON-18). Said again where the buyer chose another chain
    (``chosen_anew``): the last one counts, and ``send_mail`` says whether what is to be entered there differs.
    """

    amount: Yen
    number: str
    chain: str
    chain_name: str = ""
    number_label: str
    confirmation_number: str | None = None
    due_at: datetime
    accepted_until: datetime | None = None
    page_url: str
    chosen_anew: bool = False
    send_mail: bool = True


class PaymentExpired(PaymentsEvent):
    """The deadline and its grace passed unpaid (KON-17)."""

    due_at: datetime


class PaymentCaptured(PaymentsEvent):
    """The money is ours: captured, paid at the konbini, or a deposit recorded by hand. Said once.

    ``amount`` is what the order keeps, ``excess_amount`` what is here beyond that. ``captured_on`` is the day, where
    only the day is known; ``captured_at`` is its beginning then.
    ``deposit_mail``: whether the payment method has a mail about the deposit at all (X-11), whoever asks for it.
    """

    amount: Yen
    excess_amount: Yen = 0
    captured_at: datetime
    captured_on: date | None = None
    source: Open[CaptureSource]
    send_mail: bool = False
    deposit_mail: bool = True


class CaptureRejected(PaymentsEvent):
    """Money was asked for and the rules or the provider said no (PAY-08, AP-39)."""

    reason: str


class PaymentVoided(PaymentsEvent):
    """The authorization or the payment number was cancelled before any money moved."""


HoldEndReason = Literal[
    "expired", "capture_declined", "captured_in_part", "reauthorization_declined", "voided"
]


class AuthorizationEnded(PaymentsEvent):
    """The hold on the buyer's money is gone, and nobody at the shop asked for that (PAY-30, AP-39).

    Whatever the reason, the order must not be shipped until a new authorization or another payment covers it;
    ``may_reauthorize`` if the provider still lets us ask for one.
    """

    authorization_id: str
    reason: Open[HoldEndReason]
    may_reauthorize: bool = False


class PaymentStandingChanged(PaymentsEvent):
    """What staff must know of the money of an order changed beside the straight way, or was settled again.

    Complete, not a difference: the higher ``revision`` is the newer. ``calls`` are the words that ask for a
    person, none when all is well: ``short_money``, ``excess_money``, ``late_money``, ``capture_failed``,
    ``refund_failed``, ``refunded_elsewhere``, ``chargeback``, ``authorization_ended``, and words that older
    readers do not know, as ``chargeback_lost``, ``receipt_reversed``, ``refund_unexplained``, ``shipping_untold``,
    ``answer_mismatch``, ``other_hold`` and ``charge_unknown``. ``respond_by`` is the
    deadline of a chargeback. Amounts are what was booked so far; ``lost_amount`` is what went out, or was taken back,
    beyond what was here, ``charged_back_amount`` what banks took of ``refunded_amount``,
    ``refunded_elsewhere_amount`` what the provider gave back that nobody asked for here. An order is paid only while ``captured_amount`` is the expected one or more, or staff took
    less for the whole.
    """

    revision: int
    calls: tuple[str, ...]
    expected_amount: Yen
    captured_amount: Yen = 0
    suspense_amount: Yen = 0
    refunded_amount: Yen = 0
    refunded_elsewhere_amount: Yen | None = None
    lost_amount: Yen = 0
    charged_back_amount: Yen = 0
    respond_by: datetime | None = None


class PaymentRefunded(PaymentsEvent):
    """Money went back to the buyer by ``route``, at our wish or in the provider's console.

    ``spare_amount`` is how much of it belonged to no order: paid too much, too little or too late.
    ``remaining_amount`` is what is still with us of the money of this order; 0 when all of it went back.
    ``order_ended``: it went back because the order was cancelled, or its deadline passed.
    ``by_dispute``: a bank took it back, after a chargeback; nobody writes to the buyer.
    """

    refund_id: UUID
    amount: Yen
    spare_amount: Yen = 0
    remaining_amount: Yen | None = None
    route: Open[RefundRoute]
    by_dispute: bool = False
    order_ended: bool = False

    @property
    def excess_amount(self) -> int:
        """Return how much of it was paid too much, in yen. Money of an order that was never paid is none of it."""
        paid = bool(self.remaining_amount) or self.amount > self.spare_amount
        return self.spare_amount if paid else 0


class RefundTakenBack(PaymentsEvent):
    """Staff took back their record of a refund by a way of their own: the money had not gone to the buyer.

    ``refund_id``, ``amount``, ``spare_amount``, ``route`` and ``by_dispute`` are those of the PaymentRefunded that told of
    it; ``remaining_amount`` is what is with us again of the money of this order.
    ``by_dispute``: a chargeback was not lost after all, by staff's word or the provider's; nobody writes to the buyer.
    """

    refund_id: UUID
    amount: Yen
    spare_amount: Yen = 0
    remaining_amount: Yen
    route: Open[RefundRoute]
    by_dispute: bool = False


class PaymentsExported(DeskEvent):
    """Staff took the list of payments as a file."""

    producer: ClassVar[str] = "payments"


class PaymentDeedDone(DeskEvent):
    """Staff did something about the money of a payment: a deposit, a refund, a hold; ``subject`` says what, with amount and reason.

    ``order_code`` is empty where it was about a notice of no known order.
    """

    producer: ClassVar[str] = "payments"
    order_code: str


class PaymentLookUpRequested(DeskEvent):
    """Staff had the provider asked for a payment (照会); ``subject`` is the code of its order."""

    producer: ClassVar[str] = "payments"


class PaymentSettingsChanged(DeskEvent):
    """Staff changed settings of payments; ``subject`` says which, from what to what."""

    producer: ClassVar[str] = "payments"
