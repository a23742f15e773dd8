"""Amazon's objects of the money: the charge permission, its charges, their refunds. Only fields that Noren reads."""

from payments.methods.amazon_pay.objects import (
    AmazonAmount,
    AmazonObject,
    MerchantMetadata,
    Moment,
    PaymentPreference,
    StatusDetails,
)


class Limits(AmazonObject):
    """The total limit of charges and the rest of it. Every capture lowers the rest, whoever made it."""

    amount_limit: AmazonAmount
    amount_balance: AmazonAmount

    @property
    def charged(self) -> int:
        """Return the yen that were charged by now."""
        return self.amount_limit.amount - self.amount_balance.amount


class Permission(AmazonObject):
    """A charge permission."""

    charge_permission_id: str
    limits: Limits | None = None
    merchant_metadata: MerchantMetadata | None = None
    payment_preferences: list[PaymentPreference | None] | None = None

    @property
    def own_id(self) -> str:
        """Return the id of the permission."""
        return self.charge_permission_id

    @property
    def parent_id(self) -> str:
        """Return the order of the permission."""
        return (self.merchant_metadata.merchant_reference_id if self.merchant_metadata else None) or ""

    @property
    def instrument(self) -> str:
        """Return the label of the instrument; empty if none is known."""
        first = next(iter(self.payment_preferences or []), None)
        return (first.payment_descriptor if first else None) or ""


class Charge(AmazonObject):
    """A charge: one authorization and at most one capture."""

    charge_id: str
    charge_permission_id: str
    charge_amount: AmazonAmount
    capture_amount: AmazonAmount | None = None
    refunded_amount: AmazonAmount | None = None
    status_details: StatusDetails
    creation_timestamp: Moment

    @property
    def own_id(self) -> str:
        """Return the id of the charge."""
        return self.charge_id

    @property
    def parent_id(self) -> str:
        """Return the permission to which it belongs."""
        return self.charge_permission_id

    @property
    def state(self) -> str:
        """Return Amazon's state, such as ``Captured``."""
        return self.status_details.state

    @property
    def taken(self) -> int:
        """Return the captured yen. The rest of the permission's limit is lower by this amount."""
        return (self.capture_amount or self.charge_amount).amount if self.state == "Captured" else 0

    @property
    def held(self) -> int:
        """Return the yen that it holds and has not captured. It is not documented whether the limit counts them."""
        stands = self.state in ("AuthorizationInitiated", "Authorized", "CaptureInitiated")
        return self.charge_amount.amount if stands else 0

    @property
    def may_be_cancelled(self) -> bool:
        """Return whether it holds money, or still may."""
        return self.state in ("Authorized", "AuthorizationInitiated")

    @property
    def returned(self) -> int:
        """Return the yen that were refunded of it by now, whoever refunded them."""
        return self.refunded_amount.amount if self.refunded_amount else 0


class Refund(AmazonObject):
    """A refund, which Amazon settles some time after the request."""

    refund_id: str
    charge_id: str
    refund_amount: AmazonAmount
    status_details: StatusDetails

    @property
    def own_id(self) -> str:
        """Return the id of the refund."""
        return self.refund_id

    @property
    def parent_id(self) -> str:
        """Return the charge to which it belongs."""
        return self.charge_id
