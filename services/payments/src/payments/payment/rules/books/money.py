"""The money of a payment: what came in, what was refunded, and what was lost. All amounts are yen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from payments.payment.rules.answers import RefundRoute
from payments.payment.rules.details import NO_REFUND, KnownChargeback, Loss, OurRefund


@dataclass(frozen=True, kw_only=True)
class Money:
    """What is booked of one payment, and the sums that follow from it. ``amount`` is the total of the order."""

    amount: int
    captured_amount: int = 0
    """What paid for the order."""
    paid_once: bool = False
    """Whether money paid for the order at any time. Old rows without it have only ``captured_amount``."""
    received_at: datetime | None = None
    """When money last came in."""
    suspense_amount: int = 0
    """What came in and belongs to no order: short, excess or late."""
    refunded_amount: int = 0
    """What was refunded, of both."""
    suspense_returned_amount: int = 0
    """The part of the refunds that came out of suspense."""
    beside_provider_amount: int = 0
    """The part of the refunds that the provider does not count."""
    unnamed_refund_amount: int = 0
    """The part of the refunds that is known only by the provider's sum."""
    own_refunds: Mapping[str, int] = field(default_factory=dict)
    """Refunds by the provider's ids, as reported in answers to requests of Noren."""
    refund_requested_amount: int = 0
    """The amount of Noren's refund in progress. ``our_refund`` has everything else about it."""
    our_refund: OurRefund = NO_REFUND
    refund_failed_amount: int = 0
    """The amount that failed of Noren's last failed refund."""
    receipts: tuple[str, ...] = ()
    """The booked receipts, by the provider's ids."""
    receipt_amounts: Mapping[str, int] = field(default_factory=dict)
    refunds: tuple[str, ...] = ()
    """The booked refunds, by the provider's ids."""
    reversals: tuple[str, ...] = ()
    """Receipts that were taken back, by the provider's ids. ``failed_refunds`` has ids, too."""
    refund_amounts: Mapping[str, int] = field(default_factory=dict)
    refund_routes: Mapping[str, RefundRoute] = field(default_factory=dict)
    """The ways of the booked refunds, by the provider's ids. Those that are not here went by the provider."""
    chargebacks: tuple[KnownChargeback, ...] = ()
    losses: tuple[Loss, ...] = ()
    """What was refunded, or taken back, beyond the money that was here."""

    @property
    def received_amount(self) -> int:
        """Return all money that came in from the buyer, including what was refunded later."""
        return self.captured_amount + self.suspense_amount

    @property
    def held_amount(self) -> int:
        """Return the buyer's money that is here: captured or in suspense, and not refunded."""
        return self.received_amount - self.refunded_amount

    @property
    def spare_amount(self) -> int:
        """Return the suspense that was not refunded: money that is here and belongs to no order."""
        return self.suspense_amount - self.suspense_returned_amount

    @property
    def sale_amount(self) -> int:
        """Return what the order keeps of the money that paid for it."""
        return self.held_amount - self.spare_amount

    @property
    def lost_its_sale(self) -> bool:
        """Return whether money paid for the order, and nothing of it is kept, however it left.

        Money that paid may have been set aside, because a part of it went. It is kept until the last yen left.
        """
        nothing_waits = self.captured_amount > 0 or not self.spare_amount
        return (self.paid_once or self.captured_amount > 0) and not self.sale_amount and nothing_waits

    @property
    def lost_amount(self) -> int:
        """Return what was refunded, or taken back, beyond the money that was here. The provider owes the shop so much less."""
        return sum(loss.amount for loss in self.losses)

    @property
    def charged_back_amount(self) -> int:
        """Return what banks took back of the money that was here."""
        beyond = sum(loss.amount for loss in self.losses if loss.kind == "chargeback")
        return self.charged_back_sum - beyond

    @property
    def charged_back_sum(self) -> int:
        """Return what banks took back, of the money that was here and beyond it."""
        return sum(one.amount for one in self.chargebacks if one.state == "lost")

    @property
    def reported_refunds_amount(self) -> int:
        """Return all that the provider counts as refunded, as far as Noren knows."""
        excess_amount = sum(loss.amount for loss in self.losses if loss.kind != "receipt")
        return self.refunded_amount + excess_amount - self.beside_provider_amount

    @property
    def refunded_elsewhere_amount(self) -> int:
        """Return what the provider counts as refunded without a request of Noren, as far as Noren knows."""
        presumed = self.refund_requested_amount if self.our_refund.presumed_ref else 0
        return max(self.reported_refunds_amount - sum(self.own_refunds.values()) - presumed, 0)

    @property
    def missing_amount(self) -> int:
        """Return what the order still owes: the amount of a hold and of its capture."""
        return max(self.amount - self.held_amount, 0)

    def has_booked(self, ref: str) -> bool:
        """Return whether the receipt or refund ``ref`` (the provider's id) is in the books and was not taken out."""
        stands = ref in self.receipts and ref not in self.reversals
        return stands or bool(self.refund_amounts.get(ref))

    def booked_of(self, receipt_id: str) -> int | None:
        """Return how many yen were booked by a receipt, or None if this is not known any more.

        For a receipt from before amounts were kept, the amount is known only if there is no other receipt.
        """
        alone = self.received_amount if self.receipts == (receipt_id,) else None
        return self.receipt_amounts.get(receipt_id, alone)
