"""Request and response bodies of the order desk's API."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from checkout.order_desk.each_order import ORDERS_MAX
from checkout.order_desk.fields import CarrierText, OrderCode, TrackingNumber
from checkout.orders.rules.states import StaffReason
from shared.events import TaxedAmount
from shared.web.fields import JsonBool, JsonDate, JsonVersion, Text, wrong


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _refuse_double(name: str, values: Iterable[object]) -> None:
    double = next((value for value, times in Counter(values).items() if times > 1), None)
    if double is not None:
        raise wrong(f"{name} {double} が2回以上指定されています。1回だけ指定してください")


class SentParcel(_Body):
    """One parcel handed over. ``ship_date`` defaults to today in Japan."""

    destination_id: UUID
    ship_date: JsonDate | None = None
    carrier: CarrierText | None = None
    tracking_number: TrackingNumber = ""


class OrderToShip(_Body):
    """An order to ship: all unshipped parcels, or only ``destinations``."""

    order_code: OrderCode
    carrier: CarrierText | None = None
    tracking_number: TrackingNumber = ""
    version: JsonVersion | None = Field(
        None, description="Refuses the order if it changed since this version"
    )
    override_reason: Annotated[
        Text,
        Field(max_length=500, description="Why it leaves although its authorization ended or is disputed"),
    ] = ""
    destinations: list[SentParcel] | None = Field(None, max_length=100)

    @field_validator("destinations")
    @classmethod
    def _each_once(cls, destinations: list[SentParcel] | None) -> list[SentParcel] | None:
        """Refuse a destination that is named twice: only one of its parcels would be published."""
        _refuse_double("destination_id", (one.destination_id for one in destinations or ()))
        return destinations


class ShipOrders(_Body):
    """注文を発送済みにする."""

    orders: list[OrderToShip] = Field(min_length=1, max_length=ORDERS_MAX)
    send_mail: JsonBool = False
    mark_processed: JsonBool = Field(False, description="ステータスを「処理済み」にする")

    @field_validator("orders")
    @classmethod
    def _each_once(cls, orders: list[OrderToShip]) -> list[OrderToShip]:
        """Refuse an order that is named twice: its two requests might contradict each other."""
        _refuse_double("order_code", (one.order_code for one in orders))
        return orders


class _Orders(_Body):
    order_codes: list[OrderCode] = Field(min_length=1, max_length=ORDERS_MAX)
    versions: dict[OrderCode, JsonVersion] = Field(
        default_factory=dict,
        max_length=ORDERS_MAX,
        description="By order code; refuses an order that changed since its version",
    )

    @field_validator("versions")
    @classmethod
    def _of_the_orders(cls, versions: dict[str, int], known: ValidationInfo) -> dict[str, int]:
        """Refuse a version whose code is not among the orders. It would guard nothing."""
        codes = known.data.get("order_codes")
        if codes is not None and (others := versions.keys() - set(codes)):
            raise wrong(f"versions に order_codes にない注文番号（{min(others)}）があります")
        return versions


class CaptureOrders(_Orders):
    """注文を入金済みにする."""

    send_mail: JsonBool = False
    deposit_date: JsonDate | None = Field(None, description="入金日; 注文日から今日まで")


class ProcessOrders(_Orders):
    """注文を処理済みにする."""


class ReauthorizeOrder(_Body):
    """再与信."""

    version: JsonVersion | None = Field(None, description="Refuses if the order changed since this version")


class CancelOrder(_Body):
    """取消処理."""

    note: Annotated[Text, Field(min_length=1, max_length=500, description="キャンセル理由")]
    staff_reason: StaffReason = Field(
        "shop",
        description="お客様のご依頼 (buyer), 当店の都合 (shop) or 返品 (return): the mail's words follow it",
    )
    version: JsonVersion | None = Field(None, description="Refuses if the order changed since this version")
    send_mail: JsonBool = True
    although_shipped: JsonBool = Field(False, description="発送後にキャンセルする(返品・受取拒否)")


class OrderResult(BaseModel):
    """The result for one order."""

    order_code: str
    ok: bool
    code: str = Field(description='"done", or why not, for programs')
    message: str = Field(description="The same for people, in Japanese")


class Results(BaseModel):
    """One result per order, in the order of the request."""

    results: list[OrderResult]


class ParcelState(BaseModel):
    """One delivery address of an order."""

    destination_id: UUID
    delivery_date: date | None = Field(description="お届け希望日")
    ship_date: date | None
    carrier: str | None = Field(description="The code of the carrier, or the name of one that has none")
    tracking_number: str | None


class TimelineEntry(BaseModel):
    """One line of an order's timeline."""

    at: datetime
    topic: str
    title: str
    text: str
    by: str


class OrderState(BaseModel):
    """The state of an order."""

    order_code: str
    version: int
    status: Literal["in_progress", "processed", "cancelled"]
    deposit: Literal["unpaid", "paid"]
    shipping: Literal["unshipped", "shipped"]
    payment: str
    payment_kind: str
    total: int = Field(description="Integer yen")
    taxes: list[TaxedAmount] = Field(
        description="The total by rate of consumption tax; none for orders of releases without it"
    )
    placed_at: datetime
    cancel_reason: str | None
    calls: list[str] = Field(description="Words that ask for a person, none when all is well")
    money_with_us: int = Field(
        description="Yen of the buyer's money that is with the shop, suspense included"
    )
    next_step: str | None = Field(description="Letter of the next required step (ORD-02)")
    destinations: list[ParcelState]
    timeline: list[TimelineEntry] = Field(description="Newest first")
