"""受注詳細: one order on one page, from what was bought to everything that happened since (ORD-10)."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, ValidationInfo, field_validator
from starlette.responses import Response

from checkout.order_desk.blocks import (
    Goods,
    ShownDestination,
    amounts_rows,
    is_overdue,
    payment_rows,
    points_rows,
    shown_entry,
)
from checkout.order_desk.fields import CARRIER_OPTIONS, CarrierText, OrderCode, TrackingNumber
from checkout.order_desk.rows import WholeOrder, read_whole_order
from checkout.order_desk.words import ORDER_KIND_LABEL, badges
from checkout.orders.rules.allowed_deeds import check_capturable, check_reauthorizable, unsecured
from checkout.orders.rules.calls import calls_of
from checkout.orders.rules.order import Order
from checkout.orders.rules.states import StaffReason
from checkout.orders.rules.steps import cancel_effects, capture_warnings, next_step, processed_warnings
from checkout.orders.stored_order import Destination
from checkout.orders.words import REASON_LABEL, STAFF_REASON_LABEL
from shared.clock import in_japan, now
from shared.errors import Refused
from shared.shop.carriers import CARRIERS, carrier_called
from shared.web.fields import Text, wrong
from shared.web.forms import Form
from shared.web.parts import parts_of
from shared.web.session import require_staff

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

Version = Annotated[int, Field(ge=1, title="版")]


class ParcelForm(BaseModel):
    """What is known of the parcel to one delivery address."""

    ship_date: date | None = Field(None, title="商品発送日")
    carrier: CarrierText = ""
    tracking_number: TrackingNumber = ""


class TrackingForm(ParcelForm):
    """送付情報編集: the same, for an order as it was seen."""

    version: Version


class SeenForm(BaseModel):
    """A button on an order as it was seen."""

    version: Version


class ShipForm(BaseModel):
    """Which parcels to ship (ORD-17)."""

    destinations: list[UUID] = Field(default_factory=list, title="お届け先")
    send_mail: bool = Field(False, title="発送通知メール/受取通知メール(自動送信)を送信する")
    override_reason: Text = Field(
        "",
        title="このまま発送する理由",
        description="代金を受け取れないおそれがあります。発送する場合だけ入力してください。お名前とともに履歴に残ります。",
        max_length=500,
    )
    version: Version


class DepositForm(BaseModel):
    """入金状況 (PAY-07)."""

    deposit_date: date = Field(title="入金日")
    send_mail: bool = Field(False, title="入金確認メール(自動送信)を送信する")
    version: Version
    confirmed: bool = False


class StatusForm(BaseModel):
    """ステータス (ORD-12)."""

    status: Literal["processed"] = Field(title="ステータス")
    version: Version
    confirmed: bool = False


class CancelForm(BaseModel):
    """取消処理 (ORD-21)."""

    staff_reason: StaffReason = Field(
        title="キャンセルの区分", description="お客様へのメールの文面が変わります。"
    )
    note: Text = Field(
        "",
        title="キャンセル理由",
        description="お客様へのメールに記載されます。区分が「お客様のご依頼」の場合は、省略できます。",
        max_length=500,
        validate_default=True,
    )
    send_mail: bool = Field(False, title="キャンセルのメールをお客様に送信する")
    although_shipped: bool = Field(False, title="発送後にキャンセルする(返品・受取拒否)")
    version: Version

    @field_validator("note")
    @classmethod
    def has_a_reason(cls, note: str, info: ValidationInfo) -> str:
        """Refuse a cancellation without a reason, unless the buyer asked for it."""
        if not note and info.data.get("staff_reason") != "buyer":
            raise wrong("キャンセル理由を入力してください")
        return note


class NoteForm(BaseModel):
    """A remark of staff."""

    text: Text = Field(title="メモ", description="お客様には表示されません。", min_length=1, max_length=1_000)
    version: Version


@router.get("/desk/orders/{code}")
async def show_order(request: Request, code: OrderCode) -> Response:
    """受注詳細."""
    return await render_order(request, code)


@router.get("/desk/orders/{code}/cancel")
async def ask_to_cancel(request: Request, code: OrderCode) -> Response:
    """What cancelling will do, before it is done."""
    return await render_cancel(request, code, Form(CancelForm, {"send_mail": "true"}))


async def render_cancel(
    request: Request, code: str, form: Form[CancelForm], *, status: int = 200
) -> Response:
    """The page that says what cancelling will do to stock, points and money."""
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
    """The page of an order; forms that were submitted come back with their errors.

    ``warned`` names the form that was not carried out yet, because its warnings are to be read first.
    """
    parts = parts_of(request)
    async with parts.db.transaction() as tx:
        whole = await read_whole_order(tx, code)
    ship = ship or Form(ShipForm, {"send_mail": "true"})
    # A transfer's mail promises that the buyer will be told.
    promised = {"send_mail": "true"} if whole.stored.payment_deposit == "by_hand" else {}
    today = in_japan(now()).date().isoformat()
    deposit = deposit or Form(DepositForm, {"deposit_date": today, **promised})
    status_form, note = status_form or Form(StatusForm), note or Form(NoteForm)
    given = parcels or {}
    destinations = [_destination(whole, row, given.get(row.destination_id)) for row in whole.destinations]
    forms = [ship, deposit, status_form, note, *(one.form for one in destinations)]
    return parts.pages.render(
        request,
        "desk_order.html",
        status=status,
        order=whole.stored,
        badges=badges(whole.stored),
        kind=ORDER_KIND_LABEL.of(whole.stored.order_kind),
        next=next_step(whole.order, overdue=is_overdue(whole, now())),
        calls=calls_of(whole.order),
        risk=unsecured(whole.order),
        missing_money=whole.order.missing_money,
        deposit_button=_deposit_button(whole.order),
        cancel_label=REASON_LABEL.of(whole.stored.cancel_reason) if whole.stored.cancel_reason else "",
        amounts=amounts_rows(whole.stored),
        destinations=destinations,
        carriers=CARRIER_OPTIONS,
        forms=forms,
        warned=warned,
        ship=ship,
        deposit=deposit,
        status_form=status_form,
        note=note,
        may=_may(whole.order),
        capture_warnings=capture_warnings(whole.order),
        processed_warnings=processed_warnings(whole.order),
        payment=payment_rows(whole),
        points=points_rows(whole),
        mails=[entry for entry in whole.timeline if entry.topic == "mail"],
        timeline=[shown_entry(entry) for entry in whole.timeline],
    )


def _may(order: Order) -> dict[str, bool]:
    """Which forms the page offers; the rules themselves decide again on submission."""
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
    """Say what the button records: what is missing, never more."""
    if order.payment_deposit == "by_hand":
        return f"¥{order.missing_money:,}の入金を記録する"
    return f"¥{order.missing_money:,}の入金処理を依頼する"


def _destination(whole: WholeOrder, row: Destination, form: Form[Any] | None) -> ShownDestination:
    carrier = carrier_called(row.carrier)
    values = {
        "ship_date": in_japan(now()).date().isoformat(),
        "carrier": carrier.code,
        "tracking_number": row.tracking_number or "",
    }
    form = form or Form(ParcelForm, values, prefix=f"{row.destination_id}-")
    typed = carrier_called(form["carrier"])
    return ShownDestination(
        row=row,
        form=form,
        carrier=carrier.name,
        typed_carrier=typed.name,
        # What somebody typed for a carrier that has no code stays a choice.
        carriers=CARRIER_OPTIONS if typed.code in ("", *CARRIERS) else [*CARRIER_OPTIONS, typed.code],
        goods=[
            Goods(
                name=line.name,
                note=f"商品コード {line.sku}",
                image=f"/static/shop/goods/{line.image}" if line.image else "",
                quantity=line.quantity,
                amount=line.unit_price * line.quantity,
            )
            for line in whole.lines
            if line.destination_id == row.destination_id
        ],
    )
