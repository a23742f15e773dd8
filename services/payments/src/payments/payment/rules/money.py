"""The money of a payment: what came in, went back and was lost. All amounts are yen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from payments.payment.rules.details import NO_REFUND, KnownChargeback, Loss, OurRefund


@dataclass(frozen=True, kw_only=True)
class Money:
    """What is booked of one payment, and what follows from it. ``amount`` is what the order costs."""

    amount: int
    captured_amount: int = 0
    """What paid for the order."""
    received_at: datetime | None = None
    """When money last came in."""
    suspense_amount: int = 0
    """What came in and belongs to no order: short, excess or late."""
    refunded_amount: int = 0
    """What went back, of either."""
    suspense_returned_amount: int = 0
    """What of it went back out of suspense."""
    beside_provider_amount: int = 0
    """What of it went back where the provider does not count it."""
    unnamed_refund_amount: int = 0
    """What of it is known by the provider's sum only."""
    own_refunds: Mapping[str, int] = field(default_factory=dict)
    """Refunds by the provider's ids, as answers to requests of ours told them."""
    refund_asked_amount: int = 0
    """The refund of ours that is under way; ``our_refund`` is what else is known of it."""
    our_refund: OurRefund = NO_REFUND
    refund_failed_amount: int = 0
    """What failed of the last refund of ours that did."""
    receipts: tuple[str, ...] = ()
    """The receipts that were booked, by the provider's ids."""
    receipt_amounts: Mapping[str, int] = field(default_factory=dict)
    refunds: tuple[str, ...] = ()
    """The refunds that were booked, by the provider's ids."""
    refund_amounts: Mapping[str, int] = field(default_factory=dict)
    chargebacks: tuple[KnownChargeback, ...] = ()
    losses: tuple[Loss, ...] = ()
    """What went out, or was taken back, beyond what was here."""

    @property
    def received_amount(self) -> int:
        """All that came in of the buyer's money, whatever became of it."""
        return self.captured_amount + self.suspense_amount

    @property
    def held_amount(self) -> int:
        """Money of the buyer that is with us: captured or in suspense, and not given back."""
        return self.received_amount - self.refunded_amount

    @property
    def spare_amount(self) -> int:
        """What is in suspense and not given back: money that is here and belongs to no order."""
        return self.suspense_amount - self.suspense_returned_amount

    @property
    def sale_amount(self) -> int:
        """What the order keeps of the money that paid for it."""
        return self.held_amount - self.spare_amount

    @property
    def lost_amount(self) -> int:
        """What went out, or was taken back, beyond what was here: the provider has so much less for us."""
        return sum(loss.amount for loss in self.losses)

    @property
    def charged_back_amount(self) -> int:
        """What banks took back of the money that was here."""
        beyond = sum(loss.amount for loss in self.losses if loss.kind == "chargeback")
        return self.charged_back_sum - beyond

    @property
    def charged_back_sum(self) -> int:
        """What banks took back, of the money that was here and beyond it."""
        return sum(one.amount for one in self.chargebacks if one.state == "lost")

    @property
    def told_refunds_amount(self) -> int:
        """All that the provider counts as refunded, as far as we know."""
        over = sum(loss.amount for loss in self.losses if loss.kind != "receipt")
        return self.refunded_amount + over - self.beside_provider_amount

    @property
    def refunded_elsewhere_amount(self) -> int:
        """What the provider counts as refunded that we did not ask for, as far as we know."""
        presumed = self.refund_asked_amount if self.our_refund.presumed_ref else 0
        return max(self.told_refunds_amount - sum(self.own_refunds.values()) - presumed, 0)

    @property
    def missing_amount(self) -> int:
        """What the order is still owed: what a hold is for, and what is captured of it."""
        return max(self.amount - self.held_amount, 0)

    def booked_of(self, receipt_id: str) -> int | None:
        """Return how many yen were booked by a receipt; None where that is not known any more: receipts from before their
        amounts were kept tell it only where there is no other."""
        alone = self.received_amount if self.receipts == (receipt_id,) else None
        return self.receipt_amounts.get(receipt_id, alone)
