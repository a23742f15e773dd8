"""Registers or corrects the tracking number of a parcel, before or after it is shipped (SHP-12)."""

from datetime import datetime
from uuid import UUID

from checkout.orders.book import open_orders
from checkout.orders.timeline import TimelineEntry
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.shop.carriers import carrier_called


async def register_tracking(
    tx: Tx,
    *,
    order_code: str,
    destination_id: UUID,
    carrier: str | None,
    tracking_number: str | None,
    by: str,
    at: datetime,
    version: int | None = None,
) -> None:
    """Store carrier (its code, or text) and number for one delivery address. Empty values delete them.

    Raises Refused for:

    - an unknown order or destination
    - an order that is cancelled, or changed since ``version``
    - a number that the carrier does not use
    """
    async with open_orders(tx, [order_code]) as book:
        order = book.seen(order_code, version)
        parcel = next((p for p in order.parcels if p.destination_id == destination_id), None)
        if parcel is None:
            raise Refused("destination_unknown", "この注文にないお届け先です。", status=404)
        if order.status == "cancelled":
            raise Refused("order_cancelled", "キャンセルされた注文は変更できません。")
        shown = carrier_called(carrier)
        tracking_number = shown.checked_number(tracking_number) if tracking_number else None
        book.move(order_code, "track", by=by, at=at)
        book.set_parcel(
            order_code,
            destination_id,
            ship_date=parcel.ship_date,
            carrier=shown.code or None,
            tracking_number=tracking_number,
        )
        text = " ".join(filter(None, (f"{parcel.name} 様", shown.name, tracking_number)))
        title = "送り状番号を登録しました" if tracking_number else "送り状番号を取り消しました"
        book.note(
            TimelineEntry(
                order_code=order_code, at=at, topic="shipping", kind="note", title=title, text=text, by=by
            )
        )
