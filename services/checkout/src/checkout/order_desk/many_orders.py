"""Bulk actions for selected orders: a page that states the effects in numbers, then a result per order."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from checkout.order_desk.each_order import ORDERS_MAX, OrderOutcome, for_each_order
from checkout.order_desk.fields import CARRIER_OPTIONS
from checkout.order_desk.labels import BULK_DONE, BULK_TITLE, Action
from checkout.order_desk.many_orders_preview import (
    TAB_OF,
    BulkForm,
    TrackingForm,
    candidate,
    refusal_of,
    sentence,
)
from checkout.order_desk.rows import numbers_of, read_ruled_orders
from checkout.order_desk.search import TABS
from checkout.orders.book import OrderBook
from checkout.orders.process_order import process_in_book
from checkout.orders.request_capture import request_capture_in_book
from checkout.shipping.ship_order import ShipWish, ship
from shared.clock import now
from shared.errors import Refused
from shared.shop.carriers import carrier_called
from shared.web.deeds import done_by, name_of
from shared.web.forms import Form, parse_form
from shared.web.parts import CurrentParts, parts_of
from shared.web.session import Staff, needs, role_missing
from shared.web.staff_rights import Right

router = APIRouter(include_in_schema=False)

RIGHT_OF: Mapping[Action, Right] = {"ship": "ship_orders", "capture": "take_money", "process": "ship_orders"}
RELOADED = "一括処理の画面は読み込み直せません。処理した注文は、一覧の状態と各注文の履歴で確認できます"


@router.get("/desk/orders/bulk", dependencies=[needs("read_orders")])
async def leave_bulk(request: Request, parts: CurrentParts) -> Response:
    """Redirect Reload and Back after a bulk page. Nothing runs again; the orders show what happened."""
    return parts.pages.redirect(request, "/desk/orders", toast=RELOADED, kind="note")


@router.post("/desk/orders/bulk", dependencies=[needs("change_many_orders")])
async def act_on_orders(request: Request, parts: CurrentParts, staff: Staff) -> Response:
    """Show the effects. With ``confirmed``, run the action on each order in the version that the page showed."""
    data = await request.form(max_fields=2_000)
    form = parse_form(BulkForm, data)
    if form.errors:
        raise Refused("bulk_invalid", next(iter(form.errors.values())), status=422)
    bulk = form.value
    if not staff.may(RIGHT_OF[bulk.action]):
        raise role_missing()
    codes = list(dict.fromkeys(bulk.id))
    if not codes:
        back = f"/desk/orders?tab={TAB_OF[bulk.action]}"
        return parts.pages.redirect(request, back, toast="注文を1件以上選んでください", kind="stop")
    if len(codes) > ORDERS_MAX:
        raise Refused("too_many_orders", f"一度に処理できるのは{ORDERS_MAX}件までです", status=422)
    tracking = {code: parse_form(TrackingForm, data, prefix=f"{code}-") for code in codes}
    if bulk.action == "ship":
        await _check_numbers(request, bulk, tracking)
    wrong = any(one.errors for one in tracking.values())
    if not bulk.confirmed or wrong or await _unseen(request, bulk, tracking):
        return await _ask(request, form, codes, tracking)
    by, at = name_of(staff), now()
    outcomes = await for_each_order(
        parts_of(request).db,
        codes,
        _acting(bulk, tracking, by=by, at=at),
        done=BULK_DONE[bulk.action],
        action=f"bulk_{bulk.action}",
        done_by=done_by(request, staff),
    )
    return await _results(request, bulk.action, outcomes)


async def _results(request: Request, action: Action, outcomes: Sequence[OrderOutcome]) -> Response:
    """Show the page after the action, with the result of each order."""
    parts = parts_of(request)
    async with parts.db.transaction() as tx:
        numbers = await numbers_of(tx, [one.order_code for one in outcomes])
    return parts.pages.render(
        request,
        "desk_results.html",
        title=BULK_TITLE[action],
        back=f"/desk/orders?tab={TAB_OF[action]}",
        back_label=TABS[TAB_OF[action]][0],
        rows=[
            {
                "code": one.order_code,
                "number": numbers.get(one.order_code),
                "ok": one.ok,
                "text": one.text,
                "href": f"/desk/orders/{one.order_code}",
            }
            for one in outcomes
        ],
    )


def _acting(
    bulk: BulkForm, tracking: Mapping[str, Form[TrackingForm]], *, by: str, at: datetime
) -> Callable[[OrderBook, str], None]:
    wish = ShipWish(
        source="admin_bulk", send_mail=bulk.send_mail, mark_processed=bulk.mark_processed, by=by, at=at
    )

    def ship_one(book: OrderBook, code: str) -> None:
        ship(
            book,
            code,
            sent=None,
            carrier=bulk.carrier or None,
            tracking_number=tracking[code].value.number or None,
            wish=wish,
            version=tracking[code].value.version,
        )

    def capture(book: OrderBook, code: str) -> None:
        version = tracking[code].value.version
        request_capture_in_book(book, code, send_mail=bulk.send_mail, by=by, at=at, version=version)

    def process(book: OrderBook, code: str) -> None:
        process_in_book(book, code, by=by, at=at, version=tracking[code].value.version)

    return {"ship": ship_one, "capture": capture, "process": process}[bulk.action]


async def _check_numbers(
    request: Request, bulk: BulkForm, tracking: Mapping[str, Form[TrackingForm]]
) -> None:
    """Refuse each number that its carrier does not use, at its field. Nothing is shipped until all are valid."""
    typed = {code: form for code, form in tracking.items() if not form.errors and form.value.number}
    if not typed:
        return
    async with parts_of(request).db.transaction() as tx:
        known = await read_ruled_orders(tx, list(typed))
    for code, (_, order) in known.items():
        form = typed[code]
        number = form.value.number
        for parcel in order.parcels:
            if not parcel.shipped:
                try:
                    carrier_called(bulk.carrier or parcel.carrier).checked_number(number)
                except Refused as refused:
                    form.errors["number"] = refused.message


async def _unseen(request: Request, bulk: BulkForm, tracking: Mapping[str, Form[TrackingForm]]) -> bool:
    """Return whether the action includes an order whose version the form does not carry. Nobody has seen that order."""
    codes = [code for code, form in tracking.items() if form.value.version is None]
    if not codes:
        return False
    async with parts_of(request).db.transaction() as tx:
        known = await read_ruled_orders(tx, codes)
    return any(not refusal_of(bulk, order) for _, order in known.values())


async def _ask(
    request: Request,
    form: Form[BulkForm],
    codes: Sequence[str],
    tracking: Mapping[str, Form[TrackingForm]],
) -> Response:
    """Show the page before the action: the effect on every order, and one sentence about the whole."""
    parts = parts_of(request)
    bulk = form.value
    async with parts.db.transaction() as tx:
        known = await read_ruled_orders(tx, codes)
    candidates = [candidate(bulk, code, known.get(code), tracking[code]) for code in codes]
    going = [one for one in candidates if not one.refusal]
    wrong = [one.tracking for one in candidates if one.tracking.errors]
    return parts.pages.render(
        request,
        "desk_bulk.html",
        status=422 if wrong else 200,
        title=BULK_TITLE[bulk.action],
        bulk=bulk,
        form=form,
        wrong=wrong,
        candidates=candidates,
        going=going,
        sentence=sentence(bulk, len(going), sum(one.total for one in going)),
        carriers=CARRIER_OPTIONS,
        back=f"/desk/orders?tab={TAB_OF[bulk.action]}",
    )
