"""What the desk does to selected orders: first a page that says it in numbers, then a result per order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from checkout.order_desk.each_order import ORDERS_MAX, for_each_order
from checkout.order_desk.fields import CARRIER_OPTIONS, CarrierText, OrderCode, TrackingNumber
from checkout.order_desk.rows import numbers_of, read_ruled_orders
from checkout.order_desk.search import TABS
from checkout.order_desk.words import BULK_DONE, BULK_TITLE, Action, badges
from checkout.orders.book import OrderBook
from checkout.orders.order import Order
from checkout.orders.process_order import close_order
from checkout.orders.request_capture import ask_for_capture
from checkout.orders.rules import check_capturable, check_shippable
from checkout.orders.steps import capture_warnings, processed_warnings
from checkout.orders.stored_order import StoredOrder
from checkout.shipping.ship_order import ShipWish, ship
from shared.clock import now
from shared.errors import Refused
from shared.shop.carriers import carrier_called
from shared.shop.labels import Labels
from shared.web.deeds import name_of
from shared.web.forms import Form, parse_form
from shared.web.parts import Here, parts_of
from shared.web.session import Staff, require_staff

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

TAB_OF = Labels[Action](Action, {"ship": "unshipped", "capture": "unpaid", "process": "all"})


class BulkForm(BaseModel):
    """The selected orders and the boxes beside the button."""

    action: Action
    id: list[OrderCode] = Field(default_factory=list, title="注文")
    send_mail: bool = False
    mark_processed: bool = False
    confirmed: bool = False
    carrier: CarrierText = ""


class TrackingForm(BaseModel):
    """The tracking number of one order, and the order as it was seen."""

    number: TrackingNumber = ""
    version: int | None = Field(None, ge=1, title="版")


@dataclass(frozen=True)
class Candidate:
    """One selected order: what will happen to it, or why nothing will."""

    code: str
    name: str
    payment_name: str
    states: Mapping[str, tuple[str, str]]
    total: int
    registered: str
    refusal: str
    warnings: Sequence[str]
    tracking: Form[TrackingForm]
    version: int = 0
    number: int | None = None


RELOADED = "一括処理の画面は読み込み直せません。処理した注文は、一覧の状態と各注文の履歴で確認できます"


@router.get("/desk/orders/bulk")
async def leave_bulk(request: Request, parts: Here) -> Response:
    """Reload and Back after a bulk page: nothing is done again, and the orders tell what was."""
    return parts.pages.redirect(request, "/desk/orders", toast=RELOADED, kind="note")


@router.post("/desk/orders/bulk")
async def act_on_orders(request: Request, parts: Here, staff: Staff) -> Response:
    """Show what will be done, or with ``confirmed``, and each order as it was seen, do it."""
    data = await request.form(max_fields=2_000)
    form = parse_form(BulkForm, data)
    if form.errors:
        raise Refused("bulk_invalid", next(iter(form.errors.values())), status=422)
    bulk = form.value
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
    )
    async with parts.db.transaction() as tx:
        numbers = await numbers_of(tx, codes)
    return parts.pages.render(
        request,
        "desk_results.html",
        title=BULK_TITLE[bulk.action],
        back=f"/desk/orders?tab={TAB_OF[bulk.action]}",
        back_label=TABS[TAB_OF[bulk.action]][0],
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
        ask_for_capture(book, code, send_mail=bulk.send_mail, by=by, at=at, version=version)

    def process(book: OrderBook, code: str) -> None:
        close_order(book, code, by=by, at=at, version=tracking[code].value.version)

    return {"ship": ship_one, "capture": capture, "process": process}[bulk.action]


async def _check_numbers(
    request: Request, bulk: BulkForm, tracking: Mapping[str, Form[TrackingForm]]
) -> None:
    """Refuse at its field each number that is none of its carrier's, so that nothing is shipped before all are right."""
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
    """Tell whether the deed would reach an order whose version the form does not carry: nobody has looked at it."""
    codes = [code for code, form in tracking.items() if form.value.version is None]
    if not codes:
        return False
    async with parts_of(request).db.transaction() as tx:
        known = await read_ruled_orders(tx, codes)
    return any(not _refusal(bulk, order) for _, order in known.values())


async def _ask(
    request: Request,
    form: Form[BulkForm],
    codes: Sequence[str],
    tracking: Mapping[str, Form[TrackingForm]],
) -> Response:
    """The page before the deed: every order with what will happen, and the whole in one sentence."""
    parts = parts_of(request)
    bulk = form.value
    async with parts.db.transaction() as tx:
        known = await read_ruled_orders(tx, codes)
    candidates = [_candidate(bulk, code, known.get(code), tracking[code]) for code in codes]
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


def _candidate(
    bulk: BulkForm, code: str, found: tuple[StoredOrder, Order] | None, tracking: Form[TrackingForm]
) -> Candidate:
    if found is None:
        return Candidate(code, "", "", {}, 0, "", "この注文は見つかりません。", (), tracking)
    row, order = found
    return Candidate(
        code=code,
        name=row.orderer_name,
        payment_name=row.payment_name,
        states=badges(row),
        total=row.total,
        registered="、".join(filter(None, (parcel.tracking_number for parcel in order.parcels))),
        refusal=_refusal(bulk, order),
        warnings=_warnings(bulk, order),
        tracking=tracking,
        version=order.version,
        number=row.number,
    )


def _refusal(bulk: BulkForm, order: Order) -> str:
    """Ask the rules beforehand; they are asked again under the lock."""
    try:
        if bulk.action == "ship":
            check_shippable(order)
        elif bulk.action == "capture":
            check_capturable(order)
        else:
            order.moved("process")
    except Refused as refused:
        return refused.message
    return ""


def _warnings(bulk: BulkForm, order: Order) -> list[str]:
    if bulk.action == "capture":
        return capture_warnings(order)
    if bulk.action == "process":
        return processed_warnings(order)
    if bulk.mark_processed:
        return [text for text in processed_warnings(order) if "未入金" in text]
    return []


def sentence(bulk: BulkForm, count: int, total: int) -> str:
    """Say in numbers what the button will do."""
    if count == 0:
        return "処理できる注文がありません。"
    mails = f"、{count}通のメールを送ります" if bulk.send_mail else "ます"
    if bulk.action == "ship":
        process = f"。あわせて{count}件を処理済みにします" if bulk.mark_processed else ""
        return f"{count}件を発送済みにし{mails}{process}。"
    if bulk.action == "capture":
        mail = f"入金確定後、最大{count}通のメールを送ります。" if bulk.send_mail else ""
        return f"{count}件、合計 ¥{total:,} の入金処理を決済サービスに依頼します。{mail}"
    return f"{count}件を処理済みにします。"
