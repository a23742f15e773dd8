"""What payments says."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.events._event import Event, Yen


class PaymentsEvent(Event):
    """Only payments may say these. A payment is one try for one amount."""

    producer: ClassVar[str] = "payments"
    order_code: str
    payment_id: UUID
    payment_kind: str


class PaymentAuthorized(PaymentsEvent):
    """The provider granted credit at order time; no money has moved yet."""

    authorization_id: str
    amount: Yen
    card_amount: Yen = 0
    gift_balance_amount: Yen = 0
    instrument: str = ""
    authorized_at: datetime
    provider_status: Literal["承認済", "与信済"]


class PaymentFailed(PaymentsEvent):
    """The provider refused, or the buyer gave up; the order cannot be paid by this try (PAY-22)."""

    reason: Literal[
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


class PaymentNumberIssued(PaymentsEvent):
    """A payment number is valid until ``due_at``, six days after its issue (KON-16)."""

    amount: Yen
    number: str
    chain: str
    chain_name: str = ""
    number_label: str
    confirmation_number: str | None = None
    due_at: datetime
    page_url: str


class PaymentExpired(PaymentsEvent):
    """The deadline and its grace passed unpaid (KON-17)."""

    due_at: datetime


class PaymentCaptured(PaymentsEvent):
    """The money is ours: captured, paid at the konbini, or a deposit recorded by hand. Said once."""

    amount: Yen
    captured_at: datetime
    source: Literal["admin", "shipped", "provider_console", "konbini_notice", "manual_deposit"]
    send_mail: bool = False


class CaptureRejected(PaymentsEvent):
    """Money was asked for and the rules or the provider said no (PAY-08, AP-39)."""

    reason: str


class PaymentVoided(PaymentsEvent):
    """The authorization was cancelled before any money moved."""


class PaymentRefunded(PaymentsEvent):
    """Money went back to the buyer by ``route``."""

    refund_id: UUID
    amount: Yen
    route: Literal["provider", "gift_card", "bank_transfer"]
