"""The parcels on the page of one order: several ship in one form, and each has its own form for its number.

A refusal is shown at the parcel that caused it. The other deeds of this page are rows of a table (deeds.py).
"""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from checkout.order_desk.fields import OrderCode
from checkout.order_desk.note_order_deeds import note_order_deeds
from checkout.order_desk.one_order import back_to_order, render_order
from checkout.order_desk.one_order_forms import ParcelForm, ShipForm, TrackingForm
from checkout.order_desk.rows import read_whole_order, states_in_words
from checkout.shipping.register_tracking import register_tracking
from checkout.shipping.ship_order import Sent, ShipWish, ship_order
from shared.clock import now
from shared.errors import Refused
from shared.web.deeds import done_by, name_of
from shared.web.forms import Form, parse_form, read_form
from shared.web.parts import CurrentParts
from shared.web.session import Staff, needs

router = APIRouter(include_in_schema=False)


@router.post("/desk/orders/{code}/ship", dependencies=[needs("ship_orders")])
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
            said = f"{len(ticked)}件のお届け先を発送済みにしました"
            async with parts.db.transaction() as tx:
                before = await states_in_words(tx, [code])
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
                await note_order_deeds(tx, before, [code], said, done_by(request, staff))
            return back_to_order(request, code, said)
        except Refused as refused:
            _refuse_parcels(refused, form, [parcels[one] for one in ticked if one in parcels])
    return await render_order(request, code, status=422, forms={"ship": form}, parcels=parcels)


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


@router.post("/desk/orders/{code}/tracking/{destination_id}", dependencies=[needs("ship_orders")])
async def register_number(
    request: Request, parts: CurrentParts, code: OrderCode, destination_id: UUID, staff: Staff
) -> Response:
    """お届け先・送り状番号編集 → 登録する (SHP-12)."""
    form = await read_form(request, TrackingForm, prefix=f"{destination_id}-")
    if not form.errors:
        try:
            async with parts.db.transaction() as tx:
                before = await states_in_words(tx, [code])
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
                number = f"{form.value.carrier} {form.value.tracking_number}".strip()
                said = f"送り状番号を登録しました（{number or 'なし'}）"
                await note_order_deeds(tx, before, [code], said, done_by(request, staff))
            return back_to_order(request, code, "送り状番号を登録しました")
        except Refused as refused:
            if refused.status == 404:
                raise
            form.refuse(refused)
    return await render_order(request, code, status=422, parcels={destination_id: form})
