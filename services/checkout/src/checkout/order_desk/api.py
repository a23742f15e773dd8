"""The order desk for programs: the same wishes as on the pages, as JSON, with a result per order.

Callers send the session cookie of a member of staff and the Origin of the shop. A refusal of one order is a
result (``ok: false`` with its ``code``), not an HTTP error; the others are carried out.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from checkout.order_desk.each_order import ORDERS_MAX, Outcome, for_each_order
from checkout.order_desk.fields import CarrierText, OrderCode, TrackingNumber
from checkout.order_desk.rows import read_whole_order
from checkout.orders.book import OrderBook
from checkout.orders.cancel_order import cancel_order
from checkout.orders.process_order import close_order
from checkout.orders.request_capture import ask_for_capture
from checkout.orders.request_reauthorization import request_reauthorization
from checkout.orders.rules.states import StaffReason
from checkout.orders.rules.steps import next_step
from checkout.shipping.ship_order import Sent, ShipWish, ship
from shared.clock import now
from shared.web.deeds import name_of
from shared.web.fields import JsonBool, JsonDate, Text, wrong
from shared.web.parts import Here, parts_of
from shared.web.session import Staff, require_staff

router = APIRouter(
    prefix="/api/checkout/desk", dependencies=[Depends(require_staff)], tags=["order desk (staff)"]
)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SentParcel(_Body):
    """One parcel handed over; ``ship_date`` defaults to today in Japan."""

    destination_id: UUID
    ship_date: JsonDate | None = None
    carrier: CarrierText | None = None
    tracking_number: TrackingNumber = ""


class OrderToShip(_Body):
    """An order to ship: all that is left of it, or only ``destinations``."""

    order_code: OrderCode
    carrier: CarrierText | None = None
    tracking_number: TrackingNumber = ""
    version: int | None = Field(None, ge=1, description="Refuses the order if it changed since this version")
    override_reason: Annotated[
        Text,
        Field(max_length=500, description="Why it leaves although its authorization ended or is disputed"),
    ] = ""
    destinations: list[SentParcel] | None = Field(None, max_length=100)


class ShipOrders(_Body):
    """注文を発送済みにする."""

    orders: list[OrderToShip] = Field(min_length=1, max_length=ORDERS_MAX)
    send_mail: JsonBool = False
    mark_processed: JsonBool = Field(False, description="ステータスを「処理済み」にする")


class _Orders(_Body):
    order_codes: list[OrderCode] = Field(min_length=1, max_length=ORDERS_MAX)
    versions: dict[OrderCode, int] = Field(
        default_factory=dict,
        max_length=ORDERS_MAX,
        description="By order code; refuses an order that changed since its version",
    )

    @field_validator("versions")
    @classmethod
    def _of_the_orders(cls, versions: dict[str, int], known: ValidationInfo) -> dict[str, int]:
        """A version under another code would guard nothing."""
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


class CancelOrder(_Body):
    """取消処理."""

    note: Annotated[Text, Field(min_length=1, max_length=500, description="キャンセル理由")]
    staff_reason: StaffReason = Field(
        "shop",
        description="お客様のご依頼 (buyer), 当店の都合 (shop) or 返品 (return): the mail's words follow it",
    )
    version: int | None = Field(None, ge=1, description="Refuses if the order changed since this version")
    send_mail: JsonBool = True
    although_shipped: JsonBool = Field(False, description="発送後にキャンセルする(返品・受取拒否)")


class OrderResult(BaseModel):
    """What became of one order."""

    order_code: str
    ok: bool
    code: str = Field(description='"done", or why not, for programs')
    message: str = Field(description="The same for people, in Japanese")


class Results(BaseModel):
    """One result per order, in the order asked."""

    results: list[OrderResult]


class ParcelState(BaseModel):
    """One delivery address of an order."""

    destination_id: UUID
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
    """How an order stands."""

    order_code: str
    version: int
    status: Literal["in_progress", "processed", "cancelled"]
    deposit: Literal["unpaid", "paid"]
    shipping: Literal["unshipped", "shipped"]
    payment: str
    payment_kind: str
    total: int = Field(description="Integer yen")
    placed_at: datetime
    cancel_reason: str | None
    calls: list[str] = Field(description="Words that ask for a person, none when all is well")
    money_with_us: int = Field(
        description="Yen of the buyer's money that is with the shop, suspense included"
    )
    next_step: str | None = Field(description="Letter of the next required step (ORD-02)")
    destinations: list[ParcelState]
    timeline: list[TimelineEntry] = Field(description="Newest first")


@router.post("/orders/ship")
async def ship_orders(request: Request, body: ShipOrders, staff: Staff) -> Results:
    """Ship one order or many; unpaid prepaid orders are refused (KON-35)."""
    wanted = {one.order_code: one for one in body.orders}
    wish = ShipWish(
        source="admin_bulk" if len(wanted) > 1 else "admin_single",
        send_mail=body.send_mail,
        mark_processed=body.mark_processed,
        by=name_of(staff),
        at=now(),
    )

    def act(book: OrderBook, code: str) -> None:
        one = wanted[code]
        ship(
            book,
            code,
            sent=None if one.destinations is None else [_sent(parcel) for parcel in one.destinations],
            carrier=one.carrier,
            tracking_number=one.tracking_number or None,
            wish=replace(wish, override_reason=one.override_reason.strip()),
            version=one.version,
        )

    return await _each(request, list(wanted), act, done="発送済みにしました", action="api_ship")


def _sent(parcel: SentParcel) -> Sent:
    return Sent(parcel.destination_id, parcel.ship_date, parcel.carrier, parcel.tracking_number or None)


@router.post("/orders/capture")
async def capture_orders(request: Request, body: CaptureOrders, staff: Staff) -> Results:
    """Ask payments to take the money or record the deposit (PAY-04); the outcome arrives as an event."""
    by, at = name_of(staff), now()

    def capture(book: OrderBook, code: str) -> None:
        ask_for_capture(
            book,
            code,
            send_mail=body.send_mail,
            deposit_date=body.deposit_date,
            by=by,
            at=at,
            version=body.versions.get(code),
        )

    return await _each(
        request, body.order_codes, capture, done="入金処理を依頼しました", action="api_capture"
    )


@router.post("/orders/process")
async def process_orders(request: Request, body: ProcessOrders, staff: Staff) -> Results:
    """Set 処理済み (ORD-11)."""
    by, at = name_of(staff), now()

    def process(book: OrderBook, code: str) -> None:
        close_order(book, code, by=by, at=at, version=body.versions.get(code))

    return await _each(request, body.order_codes, process, done="処理済みにしました", action="api_process")


class ReauthorizeOrder(_Body):
    """再与信."""

    version: int | None = Field(None, ge=1, description="Refuses if the order changed since this version")


@router.post("/orders/{order_code}/reauthorize", responses={409: {}})
async def reauthorize_order(
    request: Request, parts: Here, order_code: OrderCode, body: ReauthorizeOrder, staff: Staff
) -> OrderResult:
    """Ask for a new authorization (AP-34). 404 unknown, 409 where none ended or none is to be had."""
    async with parts.db.transaction() as tx:
        await request_reauthorization(
            tx, order_code=order_code, version=body.version, by=name_of(staff), at=now()
        )
    return OrderResult(order_code=order_code, ok=True, code="done", message="再与信を依頼しました")


# After the fixed paths: the first route of a path names the methods that it allows.
@router.get("/orders/{order_code}")
async def read_order(request: Request, parts: Here, order_code: OrderCode) -> OrderState:
    """Return how an order stands, with its timeline. 404 if there is none."""
    async with parts.db.transaction() as tx:
        whole = await read_whole_order(tx, order_code)
    step = next_step(whole.order).step
    stored = whole.stored
    return OrderState(
        order_code=stored.code,
        version=stored.version,
        status=stored.status,
        deposit=stored.deposit,
        shipping=stored.shipping,
        payment=stored.payment,
        payment_kind=stored.payment_kind,
        total=stored.total,
        placed_at=stored.placed_at,
        cancel_reason=stored.cancel_reason,
        calls=list(whole.order.calls),
        money_with_us=whole.order.money_with_us,
        next_step=step.code if step else None,
        destinations=[ParcelState.model_validate(one, from_attributes=True) for one in whole.destinations],
        timeline=[TimelineEntry.model_validate(one, from_attributes=True) for one in whole.timeline],
    )


@router.post("/orders/{order_code}/cancel", responses={409: {}})
async def cancel_one_order(
    request: Request, parts: Here, order_code: OrderCode, body: CancelOrder, staff: Staff
) -> OrderResult:
    """Cancel an order (ORD-21). 404 unknown, 409 if the rules refuse."""
    async with parts.db.transaction() as tx:
        await cancel_order(
            tx,
            order_code=order_code,
            note=body.note,
            staff_reason=body.staff_reason,
            send_mail=body.send_mail,
            although_shipped=body.although_shipped,
            version=body.version,
            by=name_of(staff),
            at=now(),
        )
    return OrderResult(order_code=order_code, ok=True, code="done", message="キャンセルしました")


async def _each(request: Request, codes: Sequence[str], act: Any, **words: Any) -> Results:
    outcomes: list[Outcome] = await for_each_order(parts_of(request).db, codes, act, **words)
    return Results(
        results=[
            OrderResult(order_code=one.order_code, ok=one.ok, code=one.code, message=one.text)
            for one in outcomes
        ]
    )
