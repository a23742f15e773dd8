"""Actions of staff on the page of one order. A refusal is shown at the form that caused it."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from checkout.order_desk.fields import OrderCode
from checkout.order_desk.one_order import render_cancel, render_order
from checkout.order_desk.one_order_forms import (
    CancelForm,
    DepositForm,
    NoteForm,
    ParcelForm,
    SeenForm,
    ShipForm,
    StatusForm,
    TrackingForm,
)
from checkout.order_desk.rows import read_whole_order
from checkout.orders.cancel_order import cancel_order
from checkout.orders.mark_calls_seen import mark_calls_seen
from checkout.orders.process_order import process_order
from checkout.orders.request_capture import request_capture
from checkout.orders.request_reauthorization import request_reauthorization
from checkout.orders.rules.steps import capture_warnings, processed_warnings
from checkout.orders.write_note import write_note
from checkout.shipping.register_tracking import register_tracking
from checkout.shipping.ship_order import Sent, ShipWish, ship_order
from shared.clock import now
from shared.errors import Refused
from shared.web.deeds import name_of
from shared.web.forms import Form, parse_form, read_form
from shared.web.parts import CurrentParts, parts_of
from shared.web.session import Staff, require_staff

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)


def _back(request: Request, code: str, toast: str) -> Response:
    parts = parts_of(request)
    return parts.pages.redirect(request, f"/desk/orders/{code}", toast=toast)


@router.post("/desk/orders/{code}/ship")
async def ship_parcels(request: Request, parts: CurrentParts, code: OrderCode, staff: Staff) -> Response:
    """一括更新: ship the ticked delivery addresses with their ship date (SHP-20)."""
    data = await request.form()
    form = parse_form(ShipForm, data)
    async with parts.db.transaction() as tx:
        known = [row.destination_id for row in (await read_whole_order(tx, code)).destinations]
    parcels = {one: parse_form(ParcelForm, data, prefix=f"{one}-") for one in known}
    ticked = [] if form.errors else list(dict.fromkeys(form.value.destinations))
    if not form.errors and not any(parcels[one].errors for one in ticked if one in parcels):
        try:
            async with parts.db.transaction() as tx:
                await ship_order(
                    tx,
                    order_code=code,
                    sent=[_sent(one, parcels.get(one)) for one in ticked],
                    wish=ShipWish(
                        source="admin_single",
                        send_mail=form.value.send_mail,
                        override_reason=form.value.override_reason.strip(),
                        by=name_of(staff),
                        at=now(),
                    ),
                    version=form.value.version,
                )
            return _back(request, code, f"{len(ticked)}件のお届け先を発送済みにしました")
        except Refused as refused:
            _refuse_parcels(refused, form, [parcels[one] for one in ticked if one in parcels])
    return await render_order(request, code, status=422, ship=form, parcels=parcels)


def _sent(destination_id: UUID, form: Form[ParcelForm] | None) -> Sent:
    if form is None:
        return Sent(destination_id)
    parcel = form.value
    return Sent(destination_id, parcel.ship_date, parcel.carrier or None, parcel.tracking_number or None)


def _refuse_parcels(refused: Refused, form: Form[ShipForm], parcels: list[Form[ParcelForm]]) -> None:
    if refused.field in ParcelForm.model_fields:
        for one in parcels:
            one.refuse(refused)
    else:
        form.refuse(refused)


@router.post("/desk/orders/{code}/tracking/{destination_id}")
async def register_number(
    request: Request, parts: CurrentParts, code: OrderCode, destination_id: UUID, staff: Staff
) -> Response:
    """お届け先・送り状番号編集 → 登録する (SHP-12)."""
    form = await read_form(request, TrackingForm, prefix=f"{destination_id}-")
    if not form.errors:
        try:
            async with parts.db.transaction() as tx:
                await register_tracking(
                    tx,
                    order_code=code,
                    destination_id=destination_id,
                    carrier=form.value.carrier or None,
                    tracking_number=form.value.tracking_number or None,
                    version=form.value.version,
                    by=name_of(staff),
                    at=now(),
                )
            return _back(request, code, "送り状番号を登録しました")
        except Refused as refused:
            if refused.status == 404:
                raise
            form.refuse(refused)
    return await render_order(request, code, status=422, parcels={destination_id: form})


@router.post("/desk/orders/{code}/reauthorize")
async def reauthorize(request: Request, parts: CurrentParts, code: OrderCode, staff: Staff) -> Response:
    """再与信 (AP-34): request a new hold in place of the one that ended."""
    form = await read_form(request, SeenForm)
    version = _seen(form)
    async with parts.db.transaction() as tx:
        await request_reauthorization(tx, order_code=code, version=version, by=name_of(staff), at=now())
    return _back(request, code, "再与信を依頼しました")


@router.post("/desk/orders/{code}/seen")
async def mark_seen(request: Request, parts: CurrentParts, code: OrderCode, staff: Staff) -> Response:
    """確認済みにする: mark checkout's calls as seen."""
    form = await read_form(request, SeenForm)
    version = _seen(form)
    async with parts.db.transaction() as tx:
        await mark_calls_seen(tx, order_code=code, version=version, by=name_of(staff), at=now())
    return _back(request, code, "確認済みにしました")


def _seen(form: Form[SeenForm]) -> int:
    if form.errors:
        raise Refused("version_missing", "画面を開き直して、もう一度行ってください。", status=422)
    return form.value.version


@router.post("/desk/orders/{code}/deposit")
async def enter_deposit(request: Request, parts: CurrentParts, code: OrderCode, staff: Staff) -> Response:
    """入金状況 → 更新する (PAY-07), after a warning if it is early (PAY-29)."""
    form = await read_form(request, DepositForm)
    if not form.errors and not form.value.confirmed:
        async with parts.db.transaction() as tx:
            warnings = capture_warnings((await read_whole_order(tx, code)).order)
        if warnings:
            return await render_order(request, code, status=409, deposit=form, warned="deposit")
    if not form.errors:
        try:
            async with parts.db.transaction() as tx:
                await request_capture(
                    tx,
                    order_code=code,
                    deposit_date=form.value.deposit_date,
                    send_mail=form.value.send_mail,
                    version=form.value.version,
                    by=name_of(staff),
                    at=now(),
                )
            return _back(request, code, "入金処理を依頼しました")
        except Refused as refused:
            form.refuse(refused)
    return await render_order(request, code, status=422, deposit=form)


@router.post("/desk/orders/{code}/status")
async def set_processed(request: Request, parts: CurrentParts, code: OrderCode, staff: Staff) -> Response:
    """ステータス → 処理済みにする (ORD-12), after a warning about open steps (ORD-20)."""
    form = await read_form(request, StatusForm)
    if not form.errors and not form.value.confirmed:
        async with parts.db.transaction() as tx:
            warnings = processed_warnings((await read_whole_order(tx, code)).order)
        if warnings:
            return await render_order(request, code, status=409, status_form=form, warned="status")
    if not form.errors:
        try:
            async with parts.db.transaction() as tx:
                await process_order(
                    tx, order_code=code, version=form.value.version, by=name_of(staff), at=now()
                )
            return _back(request, code, "処理済みにしました")
        except Refused as refused:
            form.refuse(refused)
    return await render_order(request, code, status=422, status_form=form)


@router.post("/desk/orders/{code}/cancel")
async def cancel(request: Request, parts: CurrentParts, code: OrderCode, staff: Staff) -> Response:
    """取消処理 (ORD-21)."""
    form: Form[Any] = await read_form(request, CancelForm)
    if not form.errors:
        wish = form.value
        try:
            async with parts.db.transaction() as tx:
                await cancel_order(
                    tx,
                    order_code=code,
                    note=wish.note,
                    staff_reason=wish.staff_reason,
                    send_mail=wish.send_mail,
                    although_shipped=wish.although_shipped,
                    version=wish.version,
                    by=name_of(staff),
                    at=now(),
                )
            return _back(request, code, "注文をキャンセルしました")
        except Refused as refused:
            form.refuse(refused)
    return await render_cancel(request, code, form, status=422)


@router.post("/desk/orders/{code}/notes")
async def add_note(request: Request, parts: CurrentParts, code: OrderCode, staff: Staff) -> Response:
    """Add a remark to the timeline."""
    form = await read_form(request, NoteForm)
    if not form.errors:
        wish = form.value
        try:
            async with parts.db.transaction() as tx:
                await write_note(
                    tx, order_code=code, text=wish.text, version=wish.version, by=name_of(staff), at=now()
                )
            return _back(request, code, "メモを追加しました")
        except Refused as refused:
            if refused.status == 404:
                raise
            form.refuse(refused)
    return await render_order(request, code, status=422, note=form)
