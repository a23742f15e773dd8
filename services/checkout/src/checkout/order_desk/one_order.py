"""受注詳細: one order on one page, from its content to its whole history (ORD-10)."""

from collections.abc import Callable, Mapping
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from checkout.order_desk.fields import CARRIER_OPTIONS, OrderCode
from checkout.order_desk.labels import ORDER_KIND_LABEL, badges
from checkout.order_desk.one_order_forms import CancelForm, DepositForm, NoteForm, ShipForm, StatusForm
from checkout.order_desk.one_order_shown import (
    amounts_rows,
    is_overdue,
    payment_rows,
    points_rows,
    shown_destination,
    shown_entry,
)
from checkout.order_desk.rows import WholeOrder, read_whole_order
from checkout.orders.labels import REASON_LABEL, STAFF_REASON_LABEL
from checkout.orders.rules.allowed_deeds import check_capturable, check_reauthorizable, unsecured
from checkout.orders.rules.calls import calls_of
from checkout.orders.rules.order import Order
from checkout.orders.rules.steps import cancel_effects, capture_warnings, next_step, processed_warnings
from shared.clock import in_japan, now
from shared.errors import Refused
from shared.web.forms import Form
from shared.web.parts import parts_of
from shared.web.session import require_staff

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)


@router.get("/desk/orders/{code}")
async def show_order(request: Request, code: OrderCode) -> Response:
    """Show 受注詳細."""
    return await render_order(request, code)


@router.get("/desk/orders/{code}/cancel")
async def ask_to_cancel(request: Request, code: OrderCode) -> Response:
    """Show the effects of a cancellation before it runs."""
    return await render_cancel(request, code, Form(CancelForm, {"send_mail": "true"}))


async def render_cancel(
    request: Request, code: str, form: Form[CancelForm], *, status: int = 200
) -> Response:
    """Return the page with the effects of a cancellation on stock, points and money."""
    parts = parts_of(request)
    async with parts.db.transaction() as tx:
        whole = await read_whole_order(tx, code)
    return parts.pages.render(
        request,
        "desk_cancel.html",
        status=status,
        order=whole.stored,
        form=form,
        staff_reasons=list(STAFF_REASON_LABEL.items()),
        effects=cancel_effects(whole.order, coupon=whole.stored.coupon_name or ""),
        started_shipping=any(parcel.shipped for parcel in whole.order.parcels),
    )


async def render_order(
    request: Request,
    code: str,
    *,
    status: int = 200,
    warned: Literal["", "deposit", "status"] = "",
    ship: Form[ShipForm] | None = None,
    parcels: Mapping[UUID, Form[Any]] | None = None,
    deposit: Form[DepositForm] | None = None,
    status_form: Form[StatusForm] | None = None,
    note: Form[NoteForm] | None = None,
) -> Response:
    """Return the page of an order. Submitted forms are shown with their errors.

    ``warned`` names the form that did not run yet because staff must first read its warnings.
    """
    parts = parts_of(request)
    async with parts.db.transaction() as tx:
        whole = await read_whole_order(tx, code)
    ship = ship or Form(ShipForm, {"send_mail": "true"})
    # The mail about a transfer promises a mail about the deposit, so the box of that mail is ticked.
    promised = {"send_mail": "true"} if whole.stored.payment_deposit == "by_hand" else {}
    today = in_japan(now()).date().isoformat()
    deposit = deposit or Form(DepositForm, {"deposit_date": today, **promised})
    status_form, note = status_form or Form(StatusForm), note or Form(NoteForm)
    given = parcels or {}
    destinations = [
        shown_destination(whole, row, given.get(row.destination_id)) for row in whole.destinations
    ]
    return parts.pages.render(
        request,
        "desk_order.html",
        status=status,
        destinations=destinations,
        forms=[ship, deposit, status_form, note, *(one.form for one in destinations)],
        warned=warned,
        ship=ship,
        deposit=deposit,
        status_form=status_form,
        note=note,
        **_read(whole),
    )


def _read(whole: WholeOrder) -> dict[str, Any]:
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
        "carriers": CARRIER_OPTIONS,
        "may": _may(whole.order),
        "capture_warnings": capture_warnings(whole.order),
        "processed_warnings": processed_warnings(whole.order),
        "payment": payment_rows(whole),
        "points": points_rows(whole),
        "mails": [entry for entry in whole.timeline if entry.topic == "mail"],
        "timeline": [shown_entry(entry) for entry in whole.timeline],
    }


def _may(order: Order) -> dict[str, bool]:
    """Return which forms the page offers. The rules check again on submission."""
    return {
        "ship": order.may("ship"),
        "deposit": _allows(check_capturable, order),
        "process": order.may("process"),
        "cancel": order.may("cancel"),
        "reauthorize": _allows(check_reauthorizable, order),
        "track": order.status != "cancelled",
    }


def _allows(rule: Callable[[Order], None], order: Order) -> bool:
    try:
        rule(order)
    except Refused:
        return False
    return True


def _deposit_button(order: Order) -> str:
    """Return the label of the deposit button. It names the missing amount, never more."""
    if order.payment_deposit == "by_hand":
        return f"¥{order.missing_money:,}の入金を記録する"
    return f"¥{order.missing_money:,}の入金処理を依頼する"
