"""The ship step: some or all parcels of an order are on their way (SHP-13, SHP-20, ORD-16)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

from checkout.domain.order import Order, Parcel, check_shippable
from checkout.process_order import close_order, process_if_complete
from checkout.storage.orders import lock_known_order, quantities_of, save_move, set_parcel
from checkout.storage.stock import ship_stock
from checkout.storage.timeline import Entry, add_entries
from shared.clock import in_japan
from shared.database import Tx
from shared.errors import Refused
from shared.events import OrderProcessed, Shipped, ShippedDestination

Carrier = Literal["ヤマト運輸", "佐川急便", "日本郵便"]
CARRIERS: tuple[str, ...] = get_args(Carrier)
Source = Literal["admin_bulk", "admin_single", "csv_marked", "software"]


@dataclass(frozen=True, slots=True)
class Sent:
    """One parcel handed over. Without ``ship_date``: today in Japan; tracking is optional (SHP-01)."""

    destination_id: UUID
    ship_date: date | None = None
    carrier: str | None = None
    tracking_number: str | None = None


async def ship_order(
    tx: Tx,
    *,
    order_code: str,
    sent: Sequence[Sent] | None,
    source: Source,
    by: str,
    at: datetime,
    carrier: str | None = None,
    tracking_number: str | None = None,
    send_mail: bool = False,
    mark_processed: bool = False,
    version: int | None = None,
) -> list[Shipped | OrderProcessed]:
    """Ship the parcels in ``sent``, or with None all that are left, those with ``carrier`` and number.

    ``mark_processed`` also sets 処理済み, whatever the deposit (ORD-14). An order with nothing left to do
    becomes so anyway. Raises Refused: unknown, changed since ``version``, cancelled, shipped, unpaid although
    prepaid (KON-35), not authorized, no parcel ticked (ORD-17), or a ship date before the order.
    """
    order = await lock_known_order(tx, order_code, version=version)
    check_shippable(order)
    if sent is None:
        left = [parcel for parcel in order.parcels if not parcel.shipped]
        sent = [Sent(p.destination_id, None, carrier, tracking_number) for p in left]
    parcels = _parcels_sent(order, sent, at=at)
    for parcel in parcels:
        await set_parcel(
            tx,
            parcel.destination_id,
            ship_date=parcel.ship_date,
            carrier=parcel.carrier,
            tracking_number=parcel.tracking_number,
        )
    order = _with_parcels(order, parcels)
    full = all(parcel.shipped for parcel in order.parcels)
    order = await _save(tx, order, full=full, by=by, at=at)
    quantities = await quantities_of(tx, order.code)
    for parcel in parcels:
        await ship_stock(
            tx,
            quantities[parcel.destination_id],
            order_code=order.code,
            parcel=str(parcel.destination_id),
            at=at,
        )
    await add_entries(tx, [_entry(order, parcels, full=full, by=by, at=at)])
    events: list[Shipped | OrderProcessed] = [
        Shipped(
            order_code=order.code,
            destinations=tuple(_shipped_destination(parcel, at=at) for parcel in parcels),
            fully_shipped=full,
            source=source,
            send_mail=send_mail,
            by=by,
            occurred_at=at,
        )
    ]
    if mark_processed and full and order.may("process"):
        return [*events, await close_order(tx, order, by=by, at=at)]
    return [*events, *await process_if_complete(tx, order, at=at)]


def _parcels_sent(order: Order, sent: Sequence[Sent], *, at: datetime) -> list[Parcel]:
    if not sent:
        raise Refused("no_destination", "発送するお届け先にチェックを入れてください", field="destinations")
    known = {parcel.destination_id: parcel for parcel in order.parcels}
    parcels = []
    for one in {one.destination_id: one for one in sent}.values():
        parcel = known.get(one.destination_id)
        if parcel is None:
            raise Refused("destination_unknown", "この注文にないお届け先です。", field="destinations")
        if parcel.shipped:
            raise Refused(
                "destination_already_shipped",
                f"{parcel.name} 様へのお届け先はすでに発送済みです。",
                field="destinations",
            )
        ship_date = one.ship_date or in_japan(at).date()
        if ship_date < in_japan(order.placed_at).date():
            raise Refused(
                "ship_date_before_order",
                "商品発送日は注文日以降の日付で入力してください",
                field="ship_date",
                status=422,
            )
        parcels.append(
            replace(
                parcel,
                ship_date=ship_date,
                carrier=one.carrier or parcel.carrier,
                tracking_number=one.tracking_number or parcel.tracking_number,
            )
        )
    return parcels


def _with_parcels(order: Order, parcels: Sequence[Parcel]) -> Order:
    new = {parcel.destination_id: parcel for parcel in parcels}
    return replace(order, parcels=tuple(new.get(p.destination_id, p) for p in order.parcels))


async def _save(tx: Tx, order: Order, *, full: bool, by: str, at: datetime) -> Order:
    if full:
        return await save_move(tx, order, "ship", by=by, at=at, shipped_at=at)
    return await save_move(tx, order, "ship_part", by=by, at=at)


def _shipped_destination(parcel: Parcel, *, at: datetime) -> ShippedDestination:
    return ShippedDestination(
        destination_id=parcel.destination_id,
        ship_date=parcel.ship_date or in_japan(at).date(),
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
    )


def _entry(order: Order, parcels: Sequence[Parcel], *, full: bool, by: str, at: datetime) -> Entry:
    lines = [
        " ".join(filter(None, (f"{parcel.name} 様", parcel.carrier, parcel.tracking_number)))
        for parcel in parcels
    ]
    title = "発送済みになりました" if full else "一部のお届け先を発送しました"
    return Entry(
        order_code=order.code,
        at=at,
        topic="shipping",
        kind="done",
        title=title,
        text="、".join(lines),
        by=by,
    )
