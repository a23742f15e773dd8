"""The order desk for programs: the actions of the pages as JSON, with one result per order.

Callers send the session cookie of a member of staff and the Origin of the shop. A refusal of one order is a result
(``ok: false`` with its ``code``), not an HTTP error. The other orders are still processed.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request

from checkout.order_desk.api_bodies import (
    CancelOrder,
    CaptureOrders,
    OrderResult,
    OrderState,
    ParcelState,
    ProcessOrders,
    ReauthorizeOrder,
    Results,
    SentParcel,
    ShipOrders,
    TimelineEntry,
)
from checkout.order_desk.each_order import OrderOutcome, for_each_order
from checkout.order_desk.fields import OrderCode
from checkout.order_desk.note_order_deeds import note_order_deeds
from checkout.order_desk.rows import read_whole_order, states_in_words
from checkout.orders.book import OrderBook
from checkout.orders.cancel_order import cancel_order
from checkout.orders.process_order import process_in_book
from checkout.orders.request_capture import request_capture_in_book
from checkout.orders.request_reauthorization import request_reauthorization
from checkout.orders.rules.steps import next_step
from checkout.shipping.ship_order import Sent, ShipWish, ship
from shared.clock import now
from shared.web.deeds import done_by, name_of
from shared.web.parts import CurrentParts, parts_of
from shared.web.session import Staff, Viewer, needs

router = APIRouter(prefix="/api/checkout/desk", tags=["order desk (staff)"])


@router.post("/orders/ship", dependencies=[needs("ship_orders")])
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

    return await _each(request, staff, list(wanted), act, done="発送済みにしました", action="api_ship")


def _sent(parcel: SentParcel) -> Sent:
    return Sent(parcel.destination_id, parcel.ship_date, parcel.carrier, parcel.tracking_number or None)


@router.post("/orders/capture", dependencies=[needs("take_money")])
async def capture_orders(request: Request, body: CaptureOrders, staff: Staff) -> Results:
    """Ask payments to capture the money or record the deposit (PAY-04). The result arrives as an event."""
    by, at = name_of(staff), now()

    def capture(book: OrderBook, code: str) -> None:
        request_capture_in_book(
            book,
            code,
            send_mail=body.send_mail,
            deposit_date=body.deposit_date,
            by=by,
            at=at,
            version=body.versions.get(code),
        )

    return await _each(
        request, staff, body.order_codes, capture, done="入金処理を依頼しました", action="api_capture"
    )


@router.post("/orders/process", dependencies=[needs("ship_orders")])
async def process_orders(request: Request, body: ProcessOrders, staff: Staff) -> Results:
    """Set 処理済み (ORD-11)."""
    by, at = name_of(staff), now()

    def process(book: OrderBook, code: str) -> None:
        process_in_book(book, code, by=by, at=at, version=body.versions.get(code))

    return await _each(
        request, staff, body.order_codes, process, done="処理済みにしました", action="api_process"
    )


@router.post("/orders/{order_code}/reauthorize", responses={409: {}}, dependencies=[needs("take_money")])
async def reauthorize_order(
    request: Request, parts: CurrentParts, order_code: OrderCode, body: ReauthorizeOrder, staff: Staff
) -> OrderResult:
    """Ask for a new authorization (AP-34). 404 if unknown; 409 if no authorization ended or no new one is available."""
    async with parts.db.transaction() as tx:
        before = await states_in_words(tx, [order_code])
        await request_reauthorization(
            tx, order_code=order_code, version=body.version, by=name_of(staff), at=now()
        )
        await note_order_deeds(tx, before, [order_code], "再与信を依頼しました", done_by(request, staff))
    return OrderResult(order_code=order_code, ok=True, code="done", message="再与信を依頼しました")


# After the fixed paths: the first route of a path names the methods that it allows.
@router.get("/orders/{order_code}", dependencies=[needs("read_orders")])
async def read_order(request: Request, parts: CurrentParts, order_code: OrderCode) -> OrderState:
    """Return the state of an order with its timeline. 404 if there is none."""
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
        taxes=list(stored.taxes),
        placed_at=stored.placed_at,
        cancel_reason=stored.cancel_reason,
        calls=list(whole.order.calls),
        money_with_us=whole.order.money_with_us,
        next_step=step.code if step else None,
        destinations=[ParcelState.model_validate(one, from_attributes=True) for one in whole.destinations],
        timeline=[TimelineEntry.model_validate(one, from_attributes=True) for one in whole.timeline],
    )


@router.post("/orders/{order_code}/cancel", responses={409: {}}, dependencies=[needs("cancel_orders")])
async def cancel_one_order(
    request: Request, parts: CurrentParts, order_code: OrderCode, body: CancelOrder, staff: Staff
) -> OrderResult:
    """Cancel an order (ORD-21). 404 unknown, 409 if the rules refuse."""
    async with parts.db.transaction() as tx:
        before = await states_in_words(tx, [order_code])
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
        await note_order_deeds(tx, before, [order_code], "注文をキャンセルしました", done_by(request, staff))
    return OrderResult(order_code=order_code, ok=True, code="done", message="キャンセルしました")


async def _each(request: Request, staff: Viewer, codes: Sequence[str], act: Any, **words: Any) -> Results:
    outcomes: list[OrderOutcome] = await for_each_order(
        parts_of(request).db, codes, act, done_by=done_by(request, staff), **words
    )
    return Results(
        results=[
            OrderResult(order_code=one.order_code, ok=one.ok, code=one.code, message=one.text)
            for one in outcomes
        ]
    )
