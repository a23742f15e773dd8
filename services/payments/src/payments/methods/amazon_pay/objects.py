"""What we read of Amazon's objects. Unknown fields and new reason codes are let through."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Json
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

DIGITS_MAX = 30
OTHER_CURRENCY = "other_currency"


def _yen(value: object) -> int:
    """`"1980"`, 1980 and the recorded quirk `"1980.00"` are all 1980 yen; fractions are an error."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError("not an amount") from error
    if not amount.is_finite() or len(amount.as_tuple().digits) > DIGITS_MAX or amount.adjusted() > DIGITS_MAX:
        raise ValueError("not an amount of yen")
    if amount != amount.to_integral_value():
        raise ValueError("yen have no fractions")
    return int(amount)


def _jpy(code: str) -> str:
    """A Japanese merchant is paid in yen and in nothing else."""
    if code != "JPY":
        raise PydanticCustomError(OTHER_CURRENCY, "not in yen")
    return code


def _moment(value: object) -> datetime:
    """`20260401T030000Z`, or the recorded quirk of milliseconds since 1970."""
    if isinstance(value, int):
        try:
            return datetime.fromtimestamp(value / 1000, UTC)
        except (OverflowError, OSError) as error:
            raise ValueError("not a moment") from error
    return datetime.strptime(str(value), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


Moment = Annotated[datetime, BeforeValidator(_moment)]


class AmazonObject(BaseModel):
    """Camel-case on the wire."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, frozen=True)


class AmazonAmount(AmazonObject):
    """An amount in yen."""

    amount: Annotated[int, BeforeValidator(_yen)]
    currency_code: Annotated[str, AfterValidator(_jpy)]


class StatusDetails(AmazonObject):
    """Where an object is, and why."""

    state: str
    reason_code: str | None = None
    reason_description: str | None = None
    last_updated_timestamp: Moment


class Address(AmazonObject):
    """An address as the buyer typed it; Japan uses no `city`, but a value there is no error."""

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
    """Who signed in; which fields are filled follows the scopes asked for."""

    buyer_id: str
    name: str | None = None
    email: str | None = None
    phone_number: str | None = None
    postal_code: str | None = None
    shipping_address: Address | None = None


class WebCheckoutDetails(AmazonObject):
    """Where the buyer is sent."""

    checkout_review_return_url: str | None = None
    amazon_pay_redirect_url: str | None = None


class PaymentDetails(AmazonObject):
    """What was asked for."""

    charge_amount: AmazonAmount | None = None


class MerchantMetadata(AmazonObject):
    """What we attached."""

    merchant_reference_id: str | None = None


class PaymentPreference(AmazonObject):
    """The instrument, in words for people; never a number (AP-42)."""

    payment_descriptor: str | None = None


class Constraint(AmazonObject):
    """What is still missing."""

    constraint_id: str


class Session(AmazonObject):
    """A checkout session. Once completed, most of it is null."""

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
        """Its own id."""
        return self.checkout_session_id

    @property
    def parent_id(self) -> str:
        """The order that it pays for, as we told it; empty before and after."""
        return self.reference or ""

    @property
    def instrument(self) -> str:
        """The chosen instrument's label, empty if none is known."""
        first = next(iter(self.payment_preferences or []), None)
        return (first.payment_descriptor if first else None) or ""

    @property
    def addresses(self) -> list[Address]:
        """The address book, first one first; only the chosen address where Amazon shows no book."""
        if self.shipping_address_list:
            return [Address.model_validate(address) for address in self.shipping_address_list]
        return [self.shipping_address] if self.shipping_address else []

    @property
    def state(self) -> str:
        """`Open`, `Completed` or `Canceled`."""
        return self.status_details.state

    @property
    def reference(self) -> str | None:
        """The order that this session pays for, once it is known; null again after completion."""
        return self.merchant_metadata.merchant_reference_id if self.merchant_metadata else None

    @property
    def amount(self) -> int | None:
        """The amount in yen that the buyer is asked to agree to, once it is known."""
        charge_amount = self.payment_details.charge_amount if self.payment_details else None
        return charge_amount.amount if charge_amount else None

    @property
    def redirect_url(self) -> str | None:
        """Where the buyer pays, once nothing is missing."""
        return self.web_checkout_details.amazon_pay_redirect_url if self.web_checkout_details else None

    @property
    def is_of_other_marketplace(self) -> bool:
        """An account that is not of Amazon.co.jp cannot be associated with a Japanese session (AP-17)."""
        return any(each.constraint_id == "BuyerNotAssociated" for each in self.constraints or [])


class Limits(AmazonObject):
    """How much may be charged in all, and how much of it is left: captures lower it, whoever makes them."""

    amount_limit: AmazonAmount
    amount_balance: AmazonAmount

    @property
    def charged(self) -> int:
        """What was charged by now, in yen."""
        return self.amount_limit.amount - self.amount_balance.amount


class Permission(AmazonObject):
    """A charge permission."""

    charge_permission_id: str
    limits: Limits | None = None
    merchant_metadata: MerchantMetadata | None = None
    payment_preferences: list[PaymentPreference | None] | None = None

    @property
    def own_id(self) -> str:
        """Its own id."""
        return self.charge_permission_id

    @property
    def parent_id(self) -> str:
        """The order that it is for."""
        return (self.merchant_metadata.merchant_reference_id if self.merchant_metadata else None) or ""

    @property
    def instrument(self) -> str:
        """The instrument's label, empty if none is known."""
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
        """Its own id."""
        return self.charge_id

    @property
    def parent_id(self) -> str:
        """The permission that it is on."""
        return self.charge_permission_id

    @property
    def state(self) -> str:
        """`Authorized`, `Captured` and so on."""
        return self.status_details.state

    @property
    def taken(self) -> int:
        """What was captured of it, in yen: that much less is left of the permission's limit."""
        return (self.capture_amount or self.charge_amount).amount if self.state == "Captured" else 0

    @property
    def held(self) -> int:
        """What it holds and has not taken, in yen; whether the limit counts that is not documented."""
        stands = self.state in ("AuthorizationInitiated", "Authorized", "CaptureInitiated")
        return self.charge_amount.amount if stands else 0

    @property
    def may_be_cancelled(self) -> bool:
        """Whether it holds money, or still may."""
        return self.state in ("Authorized", "AuthorizationInitiated")

    @property
    def returned(self) -> int:
        """How much of it went back to the buyer by now, in yen, whoever gave it back."""
        return self.refunded_amount.amount if self.refunded_amount else 0


class Refund(AmazonObject):
    """A refund, settled a while after it was asked for."""

    refund_id: str
    charge_id: str
    refund_amount: AmazonAmount
    status_details: StatusDetails

    @property
    def own_id(self) -> str:
        """Its own id."""
        return self.refund_id

    @property
    def parent_id(self) -> str:
        """The charge that it is of."""
        return self.charge_id


class Problem(AmazonObject):
    """The body of every refusal."""

    reason_code: str = Field("Unreadable")
    message: str = ""
