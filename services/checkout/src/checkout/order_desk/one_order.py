"""受注詳細: one order on one page, from its content to its whole history (ORD-10), and the deeds that it offers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from checkout.my_orders.receipt import may_be_receipted
from checkout.order_desk.deeds import DEEDS
from checkout.order_desk.fields import CARRIER_OPTIONS, OrderCode
from checkout.order_desk.labels import ORDER_KIND_LABEL, badges
from checkout.order_desk.note_order_deeds import note_order_deeds
from checkout.order_desk.one_order_forms import ShipForm
from checkout.order_desk.one_order_shown import (
    amounts_rows,
    is_overdue,
    payment_rows,
    points_rows,
    shown_destination,
    shown_entry,
)
from checkout.order_desk.order_deed import is_warned
from checkout.order_desk.rows import WholeOrder, read_whole_order, states_in_words
from checkout.orders.labels import REASON_LABEL, STAFF_REASON_LABEL
from checkout.orders.rules.allowed_deeds import unsecured
from checkout.orders.rules.calls import calls_of
from checkout.orders.rules.order import Order
from checkout.orders.rules.steps import cancel_effects, next_step
from checkout.orders.stored_order import StoredOrder
from shared.clock import now
from shared.errors import Refused
from shared.web.deeds import done_by, name_of
from shared.web.forms import Form, read_form
from shared.web.parts import CurrentParts, parts_of
from shared.web.session import Staff, Viewer, needs, viewer_of

PATH = "/desk/orders/{code}"

router = APIRouter(include_in_schema=False)


@router.get(PATH, dependencies=[needs("read_orders")])
async def show_order(request: Request, code: OrderCode) -> Response:
    """Show 受注詳細."""
    return await render_order(request, code)


@router.get(f"{PATH}/cancel", dependencies=[needs("cancel_orders")])
async def ask_to_cancel(request: Request, code: OrderCode) -> Response:
    """Show the effects of a cancellation before it runs."""
    return await _render_cancel(request, code)


def _route(path: str) -> Callable[..., Awaitable[Response]]:
    """Return the function that does one deed of the table."""

    async def do_deed(request: Request, parts: CurrentParts, code: OrderCode, staff: Staff) -> Response:
        """Do a deed and show the order. If it was refused or needs a confirmation, the page of its form shows why."""
        deed = DEEDS[path]
        form = await read_form(request, deed.form)
        if form.errors:
            return await _refused(request, code, path, form)
        if await is_warned(parts.db, code, deed, form.value):
            return await render_order(request, code, status=409, forms={path: form}, warned=path)
        try:
            async with parts.db.transaction() as tx:
                before = await states_in_words(tx, [code])
                await deed.do(tx, code, form.value, name_of(staff), now())
                await note_order_deeds(tx, before, [code], deed.said, done_by(request, staff))
        except Refused as refused:
            if refused.status == 404 or deed.drawn_on == "problem":
                raise
            form.refuse(refused)
            return await _refused(request, code, path, form)
        return back_to_order(request, code, deed.said)

    return do_deed


# A route for each row: any other path stays a missing page.
for one, what in DEEDS.items():
    router.add_api_route(f"{PATH}/{one}", _route(one), methods=["POST"], dependencies=[needs(what.right)])


def back_to_order(request: Request, code: str, toast: str) -> Response:
    """Return to the page of the order, which shows ``toast`` once."""
    return parts_of(request).pages.redirect(request, f"/desk/orders/{code}", toast=toast)


async def _refused(request: Request, code: str, path: str, form: Form[Any]) -> Response:
    """Return the page of a form with its errors. Raises Refused for a form without fields: it lacks the version."""
    match DEEDS[path].drawn_on:
        case "problem":
            raise Refused("version_missing", "画面を開き直して、もう一度行ってください。", status=422)
        case "cancel":
            return await _render_cancel(request, code, form)
        case "order":
            return await render_order(request, code, status=422, forms={path: form})


async def _render_cancel(request: Request, code: str, refused: Form[Any] | None = None) -> Response:
    """Return the page with the effects of a cancellation on stock, points and money."""
    parts = parts_of(request)
    async with parts.db.transaction() as tx:
        whole = await read_whole_order(tx, code)
    return parts.pages.render(
        request,
        "desk_cancel.html",
        status=422 if refused else 200,
        order=whole.stored,
        form=refused or DEEDS["cancel"].new_form(whole.stored),
        staff_reasons=list(STAFF_REASON_LABEL.items()),
        effects=cancel_effects(whole.order, coupon=whole.stored.coupon_name or ""),
        started_shipping=any(parcel.shipped for parcel in whole.order.parcels),
    )


async def render_order(
    request: Request,
    code: str,
    *,
    status: int = 200,
    forms: Mapping[str, Form[Any]] | None = None,
    parcels: Mapping[UUID, Form[Any]] | None = None,
    warned: str = "",
) -> Response:
    """Return the page of an order. Submitted ``forms``, by the path of their deed, are shown with their errors.

    ``warned`` names the deed that was not done yet because staff must first read its warnings.
    """
    parts = parts_of(request)
    async with parts.db.transaction() as tx:
        whole = await read_whole_order(tx, code)
    shown = {"ship": Form(ShipForm, {"send_mail": "true"}), **_new_forms(whole.stored), **(forms or {})}
    given = parcels or {}
    destinations = [
        shown_destination(whole, row, given.get(row.destination_id)) for row in whole.destinations
    ]
    return parts.pages.render(
        request,
        "desk_order.html",
        status=status,
        destinations=destinations,
        forms=shown,
        summary=[*shown.values(), *(one.form for one in destinations)],
        warned=warned,
        **_read(whole, await viewer_of(request)),
    )


def _new_forms(order: StoredOrder) -> dict[str, Form[Any]]:
    return {path: deed.new_form(order) for path, deed in DEEDS.items() if deed.drawn_on == "order"}


def _read(whole: WholeOrder, staff: Viewer) -> dict[str, Any]:
    """Return the values of the page that do not depend on submitted forms."""
    return {
        "order": whole.stored,
        "badges": badges(whole.stored),
        "kind": ORDER_KIND_LABEL.of(whole.stored.order_kind),
        "next": next_step(whole.order, overdue=is_overdue(whole, now())),
        "calls": calls_of(whole.order),
        "risk": unsecured(whole.order),
        "missing_money": whole.order.missing_money,
        "deposit_button": _deposit_button(whole.order),
        "cancel_label": REASON_LABEL.of(whole.stored.cancel_reason) if whole.stored.cancel_reason else "",
        "amounts": amounts_rows(whole.stored),
        "has_receipt": may_be_receipted(whole.stored),
        "carriers": CARRIER_OPTIONS,
        "may": _may(whole.order, staff),
        "warnings": {path: deed.warnings(whole.order) for path, deed in DEEDS.items()},
        "payment": payment_rows(whole),
        "points": points_rows(whole),
        "mails": [entry for entry in whole.timeline if entry.topic == "mail"],
        "timeline": [shown_entry(entry) for entry in whole.timeline],
    }


def _may(order: Order, staff: Viewer) -> dict[str, bool]:
    """Return which forms the page offers to ``staff``. The routes and the rules check again on submission."""
    ships = staff.may("ship_orders")
    return {
        "ship": ships and order.may("ship"),
        "track": ships and order.status != "cancelled",
        **{path: staff.may(deed.right) and deed.may(order) for path, deed in DEEDS.items()},
    }


def _deposit_button(order: Order) -> str:
    """Return the label of the deposit button. It names the missing amount, never more."""
    if order.payment_deposit == "by_hand":
        return f"¥{order.missing_money:,}の入金を記録する"
    return f"¥{order.missing_money:,}の入金処理を依頼する"
