"""Events that payments publishes."""

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
CaptureSource = Literal[
    "admin", "shipped", "provider_console", "provider_notice", "manual_deposit", "konbini_notice"
]
"""The origin of a capture: who requested or reported that the money arrived.

Version 0.1.0 published ``konbini_notice``. It is now ``provider_notice``, whatever the method is.
"""
RefundRoute = Literal["provider", "gift_card", "bank_transfer"]
"""The route of a refund to the buyer."""
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
    "receipt_nowhere",
    "refund_unexplained",
    "shipping_untold",
    "answer_mismatch",
    "other_hold",
    "charge_unknown",
    "no_answer",
    "authorization_ended",
]
"""The reasons why staff must look at a payment. Events and rows store text, because another release may know more."""


class PaymentsEvent(Event):
    """Only payments may publish these. A payment is one try for one amount.

    ``by`` is the name of the member of staff who did or requested it; empty if no person did.
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
    """The provider refused, or the buyer gave up. This try cannot pay the order (PAY-22)."""

    reason: Open[FailureReason]


class PaymentNumberIssued(PaymentsEvent):
    """A payment number was issued; it is valid until ``due_at`` (KON-16).

    Money that is reported up to ``accepted_until`` is still accepted (KON-18). If the buyer chooses another chain, the
    event is published again with ``chosen_anew``. The last event counts. ``send_mail`` says whether the digits to enter
    changed.
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
    """The money arrived: captured, paid at the konbini, or a deposit recorded by hand. Published once.

    ``amount`` is the order's money, ``excess_amount`` the money beyond it. ``captured_on`` is set if only the day is
    known. ``captured_at`` is then the beginning of that day. ``deposit_mail`` says whether the payment method has a
    deposit mail (X-11).
    """

    amount: Yen
    excess_amount: Yen = 0
    captured_at: datetime
    captured_on: date | None = None
    source: Open[CaptureSource]
    send_mail: bool = False
    deposit_mail: bool = True


class CaptureRejected(PaymentsEvent):
    """The rules or the provider refused a capture (PAY-08, AP-39)."""

    reason: str


class PaymentVoided(PaymentsEvent):
    """The authorization or the payment number was cancelled before any money moved."""


HoldEndReason = Literal[
    "expired", "capture_declined", "captured_in_part", "reauthorization_declined", "voided"
]


class AuthorizationEnded(PaymentsEvent):
    """The hold on the buyer's money ended without a request of the shop (PAY-30, AP-39).

    For every reason, the order must not be shipped until a new authorization or another payment covers it.
    ``may_reauthorize`` means that the provider still allows a new authorization.
    """

    authorization_id: str
    reason: Open[HoldEndReason]
    may_reauthorize: bool = False


class PaymentStandingChanged(PaymentsEvent):
    """Something unusual about the money of an order changed, or was resolved.

    The event has the complete state, not a difference. The higher ``revision`` is newer. All amounts are in yen, as
    booked so far. An order is paid only while ``captured_amount`` is at least the expected one, or if staff accepted
    less as the whole.

    ``calls`` are the reasons why staff must look; empty if there are none. Every release knows these:

    - ``short_money``, ``excess_money``, ``late_money``
    - ``capture_failed``, ``refund_failed``, ``refunded_elsewhere``
    - ``chargeback``, ``authorization_ended``

    Older releases do not list others, such as these:

    - ``chargeback_lost``, ``receipt_reversed``, ``receipt_nowhere``, ``refund_unexplained``
    - ``shipping_untold``, ``answer_mismatch``, ``other_hold``, ``charge_unknown``

    ``respond_by`` is the deadline of a chargeback. ``lost_amount`` is the money that left, or was taken back, beyond
    the money that was here. Banks took ``charged_back_amount`` as part of ``refunded_amount``.
    ``refunded_elsewhere_amount`` was refunded at the provider without a request of Noren. ``captured_amount`` paid for
    the order, and ``sale_amount`` is what the order keeps of it; None in events of the release before.
    ``lost_its_sale`` means that money paid for the order, and nothing of it is kept, however it left: refunded, taken
    back, or booked on another order. None in events of the release before: then it is true if ``captured_amount`` is
    more than 0 and ``sale_amount`` is 0.
    """

    revision: int
    calls: tuple[str, ...]
    expected_amount: Yen
    captured_amount: Yen = 0
    sale_amount: Yen | None = None
    lost_its_sale: bool | None = None
    suspense_amount: Yen = 0
    refunded_amount: Yen = 0
    refunded_elsewhere_amount: Yen | None = None
    lost_amount: Yen = 0
    charged_back_amount: Yen = 0
    respond_by: datetime | None = None


class PaymentRefunded(PaymentsEvent):
    """Money was refunded to the buyer by ``route``, at the shop's request or in the provider's console.

    ``spare_amount`` is the part that belonged to no order: paid too much, too little or too late. ``remaining_amount``
    is the rest of this order's money; 0 if all was refunded. ``order_ended`` means that the order was cancelled or its
    deadline passed. ``by_dispute`` means that a bank took the money back after a chargeback. The buyer then gets no
    mail.
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
        """Return the refunded part that was paid beyond the total, in yen. An order that was never paid has none."""
        paid = bool(self.remaining_amount) or self.amount > self.spare_amount
        return self.spare_amount if paid else 0


class RefundTakenBack(PaymentsEvent):
    """A published refund did not happen. Staff took back its record, or a chargeback was not lost after all.

    ``refund_id``, ``amount``, ``spare_amount``, ``route`` and ``by_dispute`` are those of its PaymentRefunded, or of
    the part that did not happen. ``remaining_amount`` is the money of this order that is here again; 0 if it is not
    here, because more was reported as refunded than was here. ``by_dispute`` means that staff or the provider
    decided that a chargeback was not lost. The buyer then gets no mail.
    """

    refund_id: UUID
    amount: Yen
    spare_amount: Yen = 0
    remaining_amount: Yen
    route: Open[RefundRoute]
    by_dispute: bool = False


class PaymentsExported(DeskEvent):
    """Staff exported the list of payments as a file."""

    producer: ClassVar[str] = "payments"


class PaymentDeedDone(DeskEvent):
    """Staff changed the money of a payment: a deposit, a refund, a hold. ``subject`` has the deed, amount and reason.

    ``order_code`` is empty if the deed was about a notice of an unknown order.
    """

    producer: ClassVar[str] = "payments"
    order_code: str


class PaymentLookUpRequested(DeskEvent):
    """Staff requested a look-up of a payment at the provider (照会); ``subject`` is the code of its order."""

    producer: ClassVar[str] = "payments"
    deed: ClassVar[str] = "payment_looked_up"


class PaymentSettingsChanged(DeskEvent):
    """Staff changed settings of payments; ``subject`` says which, from what to what."""

    producer: ClassVar[str] = "payments"
