"""What all of Amazon's objects share: how Noren reads amounts, moments and states. Unknown fields are accepted.

``sessions.py`` has the objects of the buyer's way to a payment, ``charges.py`` those of the money.
"""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
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


class MerchantMetadata(AmazonObject):
    """The data that Noren attached."""

    merchant_reference_id: str | None = None


class PaymentPreference(AmazonObject):
    """The instrument, in words for people and never with a number (AP-42)."""

    payment_descriptor: str | None = None


class Problem(AmazonObject):
    """The body of every refusal."""

    reason_code: str = Field("Unreadable")
    message: str = ""
