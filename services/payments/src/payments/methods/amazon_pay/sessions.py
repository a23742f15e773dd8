"""Amazon's objects on the buyer's way to a payment: addresses, the buyer, the checkout session. Only fields that Noren reads."""

from typing import Any

from pydantic import Json

from payments.methods.amazon_pay.objects import (
    AmazonAmount,
    AmazonObject,
    MerchantMetadata,
    PaymentPreference,
    StatusDetails,
)


class Address(AmazonObject):
    """An address as the buyer typed it. Japan uses no `city`, but a value there is no error."""

    address_id: str | None = None
    name: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    city: str | None = None
    state_or_region: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    phone_number: str | None = None


class Buyer(AmazonObject):
    """The buyer who signed in. The requested scopes decide which fields are filled."""

    buyer_id: str
    name: str | None = None
    email: str | None = None
    phone_number: str | None = None
    postal_code: str | None = None
    shipping_address: Address | None = None


class WebCheckoutDetails(AmazonObject):
    """The addresses to which the buyer is sent."""

    checkout_review_return_url: str | None = None
    amazon_pay_redirect_url: str | None = None


class PaymentDetails(AmazonObject):
    """The requested payment."""

    charge_amount: AmazonAmount | None = None


class Constraint(AmazonObject):
    """A field that is still missing."""

    constraint_id: str


class Session(AmazonObject):
    """A checkout session. After completion most of its fields are null."""

    checkout_session_id: str
    web_checkout_details: WebCheckoutDetails | None = None
    payment_details: PaymentDetails | None = None
    merchant_metadata: MerchantMetadata | None = None
    buyer: Buyer | None = None
    shipping_address: Address | None = None
    shipping_address_list: list[Json[Any]] | None = None
    payment_preferences: list[PaymentPreference | None] | None = None
    status_details: StatusDetails
    constraints: list[Constraint] | None = None
    charge_permission_id: str | None = None
    charge_id: str | None = None

    @property
    def own_id(self) -> str:
        """Return the id of the session."""
        return self.checkout_session_id

    @property
    def parent_id(self) -> str:
        """Return the order that the session pays, as Noren set it. Empty before and after."""
        return self.reference or ""

    @property
    def instrument(self) -> str:
        """Return the label of the chosen instrument; empty if none is known."""
        first = next(iter(self.payment_preferences or []), None)
        return (first.payment_descriptor if first else None) or ""

    @property
    def addresses(self) -> list[Address]:
        """Return the address book, the first one first, or only the chosen address if Amazon shows no book."""
        if self.shipping_address_list:
            return [Address.model_validate(address) for address in self.shipping_address_list]
        return [self.shipping_address] if self.shipping_address else []

    @property
    def state(self) -> str:
        """`Open`, `Completed` or `Canceled`."""
        return self.status_details.state

    @property
    def reference(self) -> str | None:
        """Return the order that this session pays, as soon as it is known. It is null again after completion."""
        return self.merchant_metadata.merchant_reference_id if self.merchant_metadata else None

    @property
    def amount(self) -> int | None:
        """Return the amount in yen to which the buyer shall agree, as soon as it is known."""
        charge_amount = self.payment_details.charge_amount if self.payment_details else None
        return charge_amount.amount if charge_amount else None

    @property
    def redirect_url(self) -> str | None:
        """Return the address where the buyer pays, as soon as nothing is missing."""
        return self.web_checkout_details.amazon_pay_redirect_url if self.web_checkout_details else None

    @property
    def is_of_other_marketplace(self) -> bool:
        """Return whether the account is not one of Amazon.co.jp. It cannot belong to a Japanese session (AP-17)."""
        return any(each.constraint_id == "BuyerNotAssociated" for each in self.constraints or [])
