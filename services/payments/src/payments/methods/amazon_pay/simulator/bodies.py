"""The bodies of requests. An undocumented field is refused, as Amazon does."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError
from pydantic.alias_generators import to_camel

from payments.methods.amazon_pay.simulator.refusals import Refusal

AMOUNT_MAX = 10_000_000
Scope = Literal[
    "name", "email", "phoneNumber", "billingAddress", "shippingAddress", "postalCode", "primeStatus"
]


def _yen(value: object) -> int:
    """Return whole yen from a string or a bare number (the .NET SDK sends numbers). Decimals are refused."""
    text = str(value)
    if (
        isinstance(value, bool)
        or not text.isascii()
        or not text.isdigit()
        or not 0 <= int(text) <= AMOUNT_MAX
    ):
        raise ValueError("invalid amount")
    return int(text)


AmountOfYen = Annotated[int, BeforeValidator(_yen), PlainSerializer(str)]


class Body(BaseModel):
    """A model in camel case on the wire, without unknown fields."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)

    def given(self) -> dict[str, Any]:
        """Return the fields that the caller sent, with the names of the API."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class AmountBody(Body):
    """An amount in yen."""

    amount: AmountOfYen
    currency_code: str


class MerchantMetadata(Body):
    """What the merchant may attach. Lengths are documented only for some fields."""

    merchant_reference_id: str | None = Field(None, max_length=256)
    merchant_store_name: str | None = Field(None, max_length=50)
    note_to_buyer: str | None = Field(None, max_length=255)
    custom_information: str | None = Field(None, max_length=4096)


class WebCheckoutDetails(Body):
    """Where the buyer comes back to."""

    checkout_review_return_url: str | None = None
    checkout_result_return_url: str | None = None
    checkout_cancel_url: str | None = None


class PaymentDetails(Body):
    """The amount of the charge, and how it is charged."""

    payment_intent: Literal["Confirm", "Authorize", "AuthorizeWithCapture"] | None = None
    can_handle_pending_authorization: bool | None = None
    charge_amount: AmountBody | None = None
    total_order_amount: AmountBody | None = None
    soft_descriptor: str | None = Field(None, max_length=16)
    presentment_currency: Literal["JPY"] | None = None
    allow_overcharge: bool | None = None
    extend_expiration: bool | None = None


class Frequency(Body):
    """How often a recurring permission is charged, for expiry and for people. It triggers no charge."""

    unit: Literal["Year", "Month", "Week", "Day", "Variable"]
    value: str = Field(pattern=r"^[0-9]{1,3}$")


class RecurringMetadata(Body):
    """The purpose of a recurring permission. `amount` is null if it varies."""

    frequency: Frequency | None = None
    amount: AmountBody | None = None


class UpdateSession(Body):
    """PATCH of a checkout session."""

    web_checkout_details: WebCheckoutDetails | None = None
    payment_details: PaymentDetails | None = None
    merchant_metadata: MerchantMetadata | None = None
    recurring_metadata: RecurringMetadata | None = None
    supplementary_data: str | None = None
    platform_id: str | None = None
    provider_metadata: dict[str, str | None] | None = None


class CreateSession(UpdateSession):
    """POST of a checkout session, and the payload of a button."""

    store_id: str
    scopes: list[Scope] | None = None
    product_type: Literal["PayAndShip", "PayOnly"] | None = None
    charge_permission_type: Literal["OneTime", "Recurring"] | None = None
    delivery_specifications: dict[str, Any] | None = None
    checkout_button_text: str | None = None


class CompleteSession(Body):
    """Complete a session. The amounts must be those of the session."""

    charge_amount: AmountBody
    total_order_amount: AmountBody | None = None


class UpdatePermission(Body):
    """Change what the merchant attached, or the purpose of a recurring permission. Nothing else can change."""

    merchant_metadata: MerchantMetadata | None = None
    recurring_metadata: RecurringMetadata | None = None


class ClosePermission(Body):
    """Ends an agreement."""

    closure_reason: str = Field(max_length=255)
    cancel_pending_charges: bool = False


class CreateCharge(Body):
    """A further charge within the permission's limit, as for a re-authorization."""

    charge_permission_id: str
    charge_amount: AmountBody
    capture_now: bool = False
    soft_descriptor: str | None = Field(None, max_length=16)
    can_handle_pending_authorization: bool = False
    merchant_metadata: MerchantMetadata | None = None
    platform_id: str | None = None
    provider_metadata: dict[str, str | None] | None = None
    charge_initiator: Literal["CITU", "MITU", "CITR", "MITR"] | None = None
    channel: str | None = None


class CaptureCharge(Body):
    """One capture per charge, up to the authorized amount."""

    capture_amount: AmountBody
    soft_descriptor: str | None = Field(None, max_length=16)


class CancelCharge(Body):
    """Releases an authorization."""

    cancellation_reason: str = Field(max_length=255)


class CreateRefund(Body):
    """Refunds captured money."""

    charge_id: str
    refund_amount: AmountBody
    soft_descriptor: str | None = Field(None, max_length=16)


class SignIn(Body):
    """The payload of a sign-in button."""

    sign_in_return_url: str
    sign_in_cancel_url: str | None = None
    store_id: str
    sign_in_scopes: list[Scope] = []


B = TypeVar("B", bound=Body)


def read_body(kind: type[B], body: bytes) -> B:
    """Return the body as an object of the class, or a refusal with Amazon's reason code."""
    try:
        parsed = kind.model_validate_json(body or b"{}", strict=False)
    except ValidationError as errors:
        raise _refusal(errors) from errors
    for name, money in _amounts(parsed):
        if money.currency_code != "JPY":
            raise Refusal(400, "CurrencyMismatch", f"The currency of '{name}' must be JPY.")
    return parsed


def _amounts(body: Body) -> list[tuple[str, AmountBody]]:
    found: list[tuple[str, AmountBody]] = []
    for name in type(body).model_fields:
        value = getattr(body, name)
        if isinstance(value, AmountBody):
            found.append((to_camel(name), value))
        elif isinstance(value, Body):
            found += _amounts(value)
    return found


def _refusal(errors: ValidationError) -> Refusal:
    first = errors.errors(include_url=False, include_context=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    match first["type"]:
        case "json_invalid":
            return Refusal(400, "InvalidRequestFormat", "The request body is not readable JSON.")
        case "extra_forbidden":
            return Refusal(400, "UnrecognizedField", f"The field '{name}' is not recognized.")
        case "missing":
            return Refusal(400, "MissingParameterValue", f"The value for '{name}' is missing.")
    if name.endswith(".amount"):
        name = name.removesuffix("amount") + "Amount"
    message = f"The value '{first['input']}' provided for '{name}' is invalid"
    return Refusal(400, "InvalidParameterValue", message)
