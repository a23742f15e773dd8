"""The fields of Amazon's objects that Noren reads. Unknown fields and new reason codes are accepted."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Json
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

DIGITS_MAX = 30
OTHER_CURRENCY = "other_currency"


def _yen(value: object) -> int:
    """Return whole yen from `"1980"`, 1980 or the recorded variant `"1980.00"`. Fractions are an error."""
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
    """Return the currency. A Japanese merchant is paid only in yen."""
    if code != "JPY":
        raise PydanticCustomError(OTHER_CURRENCY, "not in yen")
    return code


def _moment(value: object) -> datetime:
    """Return a moment from `20260401T030000Z`, or from the recorded variant of milliseconds since 1970."""
    if isinstance(value, int):
        try:
            return datetime.fromtimestamp(value / 1000, UTC)
        except (OverflowError, OSError) as error:
            raise ValueError("not a moment") from error
    return datetime.strptime(str(value), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


Moment = Annotated[datetime, BeforeValidator(_moment)]


class AmazonObject(BaseModel):
    """A model in camel case on the wire."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, frozen=True)


class AmazonAmount(AmazonObject):
    """An amount in yen."""

    amount: Annotated[int, BeforeValidator(_yen)]
    currency_code: Annotated[str, AfterValidator(_jpy)]


class StatusDetails(AmazonObject):
    """The state of an object, and its reason."""

    state: str
    reason_code: str | None = None
    reason_description: str | None = None
    last_updated_timestamp: Moment


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


class MerchantMetadata(AmazonObject):
    """The data that Noren attached."""

    merchant_reference_id: str | None = None


class PaymentPreference(AmazonObject):
    """The instrument, in words for people and never with a number (AP-42)."""

    payment_descriptor: str | None = None


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
        """The id of the session."""
        return self.checkout_session_id

    @property
    def parent_id(self) -> str:
        """The order that the session pays, as Noren set it. Empty before and after."""
        return self.reference or ""

    @property
    def instrument(self) -> str:
        """The label of the chosen instrument; empty if none is known."""
        first = next(iter(self.payment_preferences or []), None)
        return (first.payment_descriptor if first else None) or ""

    @property
    def addresses(self) -> list[Address]:
        """The address book, the first one first, or only the chosen address if Amazon shows no book."""
        if self.shipping_address_list:
            return [Address.model_validate(address) for address in self.shipping_address_list]
        return [self.shipping_address] if self.shipping_address else []

    @property
    def state(self) -> str:
        """`Open`, `Completed` or `Canceled`."""
        return self.status_details.state

    @property
    def reference(self) -> str | None:
        """The order that this session pays, as soon as it is known. It is null again after completion."""
        return self.merchant_metadata.merchant_reference_id if self.merchant_metadata else None

    @property
    def amount(self) -> int | None:
        """The amount in yen to which the buyer shall agree, as soon as it is known."""
        charge_amount = self.payment_details.charge_amount if self.payment_details else None
        return charge_amount.amount if charge_amount else None

    @property
    def redirect_url(self) -> str | None:
        """The address where the buyer pays, as soon as nothing is missing."""
        return self.web_checkout_details.amazon_pay_redirect_url if self.web_checkout_details else None

    @property
    def is_of_other_marketplace(self) -> bool:
        """Whether the account is not one of Amazon.co.jp. It cannot belong to a Japanese session (AP-17)."""
        return any(each.constraint_id == "BuyerNotAssociated" for each in self.constraints or [])


class Limits(AmazonObject):
    """The total limit of charges and the rest of it. Every capture lowers the rest, whoever made it."""

    amount_limit: AmazonAmount
    amount_balance: AmazonAmount

    @property
    def charged(self) -> int:
        """The yen that were charged by now."""
        return self.amount_limit.amount - self.amount_balance.amount


class Permission(AmazonObject):
    """A charge permission."""

    charge_permission_id: str
    limits: Limits | None = None
    merchant_metadata: MerchantMetadata | None = None
    payment_preferences: list[PaymentPreference | None] | None = None

    @property
    def own_id(self) -> str:
        """The id of the permission."""
        return self.charge_permission_id

    @property
    def parent_id(self) -> str:
        """The order of the permission."""
        return (self.merchant_metadata.merchant_reference_id if self.merchant_metadata else None) or ""

    @property
    def instrument(self) -> str:
        """The label of the instrument; empty if none is known."""
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
        """The id of the charge."""
        return self.charge_id

    @property
    def parent_id(self) -> str:
        """The permission to which it belongs."""
        return self.charge_permission_id

    @property
    def state(self) -> str:
        """`Authorized`, `Captured` and so on."""
        return self.status_details.state

    @property
    def taken(self) -> int:
        """The captured yen. The rest of the permission's limit is lower by this amount."""
        return (self.capture_amount or self.charge_amount).amount if self.state == "Captured" else 0

    @property
    def held(self) -> int:
        """The yen that it holds and has not captured. It is not documented whether the limit counts them."""
        stands = self.state in ("AuthorizationInitiated", "Authorized", "CaptureInitiated")
        return self.charge_amount.amount if stands else 0

    @property
    def may_be_cancelled(self) -> bool:
        """Whether it holds money, or still may."""
        return self.state in ("Authorized", "AuthorizationInitiated")

    @property
    def returned(self) -> int:
        """The yen that were refunded of it by now, whoever refunded them."""
        return self.refunded_amount.amount if self.refunded_amount else 0


class Refund(AmazonObject):
    """A refund, which Amazon settles some time after the request."""

    refund_id: str
    charge_id: str
    refund_amount: AmazonAmount
    status_details: StatusDetails

    @property
    def own_id(self) -> str:
        """The id of the refund."""
        return self.refund_id

    @property
    def parent_id(self) -> str:
        """The charge to which it belongs."""
        return self.charge_id


class Problem(AmazonObject):
    """The body of every refusal."""

    reason_code: str = Field("Unreadable")
    message: str = ""
