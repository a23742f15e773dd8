"""Events that checkout publishes."""

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events._desk import DeskEvent
from shared.events._event import Event, Yen
from shared.events._open import Open

OrderKind = Literal["normal", "preorder", "subscription"]


class CheckoutEvent(Event):
    """The base class of checkout's events: only checkout may publish them."""

    producer: ClassVar[str] = "checkout"
    order_code: str


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Adjustment(_Part):
    """A surcharge or discount by a price rule of the shop: ``amount`` in yen, with its sign.

    ``kind`` is the name of the rule, ``label`` its text for buyers.
    """

    kind: str
    label: str
    amount: int


class TaxedAmount(_Part):
    """The part of a total that one rate of consumption tax covers, in yen. ``tax`` is contained in ``amount``.

    ``rate`` is in percent. ``reduced`` says that it is the reduced rate (軽減税率).
    """

    rate: int = Field(ge=0)
    reduced: bool = False
    amount: Yen
    tax: Yen


class Amounts(_Part):
    """The amounts of an order, in yen; ``total`` is the amount to pay.

    ``taxes`` divide the total by rate, after all discounts: their amounts add up to it. ``tax_rounding`` says how
    their taxes were rounded (shared/shop/taxes.py). Both are empty in messages of earlier releases: such an order
    shows no tax, and nobody computes one for it.
    """

    items: Yen
    adjustments: tuple[Adjustment, ...] = ()
    shipping: Yen
    fee: Yen = 0
    point_discount: Yen = 0
    coupon_discount: Yen = 0
    total: Yen
    taxes: tuple[TaxedAmount, ...] = ()
    tax_rounding: str = ""

    @property
    def adjusted(self) -> int:
        """Return the sum of all adjustments of the price, in yen with its sign."""
        return sum(one.amount for one in self.adjustments)


class Address(_Part):
    """A postal address in Japan and the telephone number that goes with it."""

    name: str
    postal_code: str
    prefecture: str
    address1: str
    address2: str = ""
    phone: str


class Orderer(Address):
    """The buyer (注文者情報); the first address of the Amazon address book, corrected by the buyer (AP-07)."""

    kana: str = ""
    email: str


class Line(_Part):
    """One product in one quantity. ``unit_price`` is in yen, tax included.

    ``tax_rate``, in percent, and ``tax_reduced`` (軽減税率) were in force when the order was placed. Messages of earlier
    releases have no rate, and their lines have no mark.
    """

    sku: str
    name: str
    quantity: int
    unit_price: Yen
    tax_rate: int | None = None
    tax_reduced: bool = False


class Destination(_Part):
    """One delivery address (お届け先) and the goods for it.

    ``delivery_date`` is the day in Japan that the buyer asked for (お届け希望日). Without it no day was asked for; messages
    of earlier releases never have one.
    """

    destination_id: UUID
    address: Address
    lines: tuple[Line, ...]
    delivery_date: date | None = None


class _WalletBuyer(BaseModel):
    """The buyer's account at the wallet, if one was used. ``wallet_kind`` is the wallet's payment method.

    ``amazon_buyer_id`` is the deprecated name of ``wallet_buyer_id``: it is read and no longer published.
    """

    wallet_kind: str | None = None
    wallet_buyer_id: str | None = None
    amazon_buyer_id: str | None = Field(None, deprecated="Read wallet_buyer_id", exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _read_old_name(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("amazon_buyer_id") and not data.get("wallet_buyer_id"):
            return {**data, "wallet_kind": "amazon_pay", "wallet_buyer_id": data["amazon_buyer_id"]}
        return data


class Registration(_Part, _WalletBuyer):
    """The member that is registered with the order (AP-08). ``member_id`` is chosen when the order is placed.

    ``email_proved`` means that the wallet vouches for the orderer's address.
    """

    member_id: UUID
    newsletter: bool = False
    email_proved: bool = False


class OrdersExported(DeskEvent):
    """Staff exported the list of orders as a file."""

    producer: ClassVar[str] = "checkout"


class OrderDeedDone(DeskEvent):
    """Staff did something to an order at the desk, alone or with others; ``subject`` says what."""

    producer: ClassVar[str] = "checkout"
    order_code: str


class CatalogueChanged(DeskEvent):
    """Staff created or changed products, their pictures or categories; ``subject`` says which, from what to what."""

    producer: ClassVar[str] = "checkout"


class StockBooked(DeskEvent):
    """Staff received, corrected or counted stock; ``subject`` says of what, how many pieces, and why."""

    producer: ClassVar[str] = "checkout"


class StockExported(DeskEvent):
    """Staff exported the list of stock as a file."""

    producer: ClassVar[str] = "checkout"


class CatalogueExported(DeskEvent):
    """Staff exported the list of products as a file."""

    producer: ClassVar[str] = "checkout"


class ShopSettingsChanged(DeskEvent):
    """Staff changed settings of the shop; ``subject`` says which, from what to what."""

    producer: ClassVar[str] = "checkout"


class ShopChanged(Event):
    """The identity of the shop is now as told here: staff changed it, or the demo got it.

    A higher ``revision`` is newer. Fields are empty if the shop has not told them yet. ``seller`` is the company or
    person that sells (販売業者). ``logo_path`` is a path of the shop's address. ``registration_number`` is that of an
    issuer of qualified invoices (T and 13 digits).
    """

    producer: ClassVar[str] = "checkout"
    revision: int = Field(ge=1)
    name: str
    seller: str = ""
    logo_path: str = ""
    postal_code: str = ""
    address: str = ""
    phone: str = ""
    mail: str = ""
    responsible: str = ""
    registration_number: str = ""


class OrderPlaced(CheckoutEvent, _WalletBuyer):
    """The buyer pressed 「注文確定」 and the order, with its stock reserved, is stored.

    ``coupon`` is the id of the coupon issued to the member (CouponIssued.issue_id), ``coupon_name`` its name.

    ``payment_flow`` says when the money comes: ``authorized`` (held at order time), ``prepaid`` (later, by a number),
    or ``unmanaged`` (not through Noren). ``payment_deposit`` says what makes the order 入金済み: a ``capture``, the payment
    itself (``automatic``), staff (``by_hand``), or nothing (``never``). ``paid_before_shipping`` says whether that
    comes before shipping. These fields are empty if the producer did not set them yet.

    ``order_number`` is the short number for the telephone (受付番号). ``page_url`` contains a key that opens only the page
    of this order. ``language`` (BCP 47: ``ja``, ``en-US``) is the buyer's language; empty if unknown.

    ``wallet_links`` is false if the wallet was obtained before the member logged in. Such a wallet pays, but links
    nothing: another person may have obtained it in that browser.
    """

    order_number: int | None = None
    order_kind: Open[OrderKind] = "normal"
    channel: Open[Literal["own_site"]] = "own_site"
    payment_kind: str
    payment_name: str
    payment_flow: str = ""
    payment_deposit: str = ""
    paid_before_shipping: bool | None = None
    payment_choice: dict[str, str] = Field(default_factory=dict)
    amounts: Amounts
    member_id: UUID | None = None
    registration: Registration | None = None
    orderer: Orderer
    destinations: tuple[Destination, ...]
    points_used: int = 0
    benefit_reservation_id: UUID | None = None
    coupon: UUID | None = None
    coupon_name: str = ""
    placed_at: datetime
    page_url: str
    wallet_links: bool = True
    language: str = ""


class StockReserved(CheckoutEvent):
    """Stock is reserved for a prepaid order, so a payment number may be issued (KON-44)."""


class ShippedDestination(_Part):
    """The goods that were sent to one delivery address.

    ``carrier`` is the code of a carrier (shared/shop/carriers.py: ``yamato``, ``sagawa``, ``japan_post``), or the name
    of one without a code. Messages of earlier releases always have the name.
    """

    destination_id: UUID
    ship_date: date
    carrier: str | None = None
    tracking_number: str | None = None


class Shipped(CheckoutEvent):
    """The ship step was done for some destinations; the order is shipped when all are (X-34)."""

    destinations: tuple[ShippedDestination, ...]
    fully_shipped: bool
    source: Open[Literal["admin_bulk", "admin_single", "csv_marked", "software"]]
    send_mail: bool = False
    by: str


class CaptureRequested(CheckoutEvent):
    """Staff pressed 「注文を入金済みにする」 or entered a deposit date (PAY-04, PAY-07).

    ``amount`` is the part of the hold to capture, if the method can capture parts. Without it, all missing money is
    captured.
    """

    by: str
    send_mail: bool = False
    deposit_date: date | None = None
    amount: Yen | None = None


class OrderCancelled(CheckoutEvent):
    """The order was cancelled; its stock, points, coupon and money are returned.

    ``received_amount`` is all money received by then. ``refunded_amount`` is the part already refunded, and
    ``refund_amount`` the part that is refunded now. The first is the sum of the other two, as far as checkout knew.
    Messages of earlier releases contain only ``refund_amount``.

    ``staff_reason`` is the reason of staff: ``buyer`` (the buyer asked), ``return`` (the goods come back) or ``shop``.
    Treat an unknown value as ``shop``.

    ``refund_waits_for`` says what delays the refund: ``chargeback`` (an undecided one) or ``check`` (a check by staff).
    It is empty if the refund starts immediately.

    ``door_amount`` is the amount that the buyer of a shipped order may have paid at the door. The shop refunds it
    itself.
    """

    reason: Open[Literal["staff", "unpaid", "payment_failed"]]
    staff_reason: Open[Literal["buyer", "shop", "return"]] = "shop"
    by: str
    note: str = ""
    send_mail: bool = True
    received_amount: Yen = 0
    refunded_amount: Yen = 0
    refund_amount: Yen = 0
    refund_waits_for: str = ""
    door_amount: Yen = 0


class CancellationMoneyChanged(CheckoutEvent):
    """The amounts of OrderCancelled changed: money arrived after the cancellation, or was refunded.

    The fields are those of OrderCancelled, as they are now.
    """

    received_amount: Yen
    refunded_amount: Yen
    refund_amount: Yen
    refund_waits_for: str = ""


class ReauthorizationRequested(CheckoutEvent):
    """Staff pressed 「再与信」: the hold on the buyer's money ended, and they request a new one (AP-34, PAY-30)."""

    by: str


class OrderProcessed(CheckoutEvent):
    """The order became 処理済み: shipping and deposit are complete, or staff closed it."""

    by: str
