"""Ships some or all parcels of an order (SHP-13, SHP-20, ORD-16)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from checkout.orders.book import OrderBook, open_orders
from checkout.orders.process_order import process_if_complete, process_in_book
from checkout.orders.rules.allowed_deeds import check_shippable, unsecured
from checkout.orders.rules.order import Order, Parcel
from checkout.orders.stored_order import quantities_of
from checkout.orders.timeline import TimelineEntry
from checkout.stock.moves import LeftTheHouse, ship_stock
from shared.clock import in_japan
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import Shipped, ShippedDestination
from shared.shop.carriers import carrier_called

AHEAD_DAYS_MAX = 14
"""The most days by which a ship date may lie in the future."""
Source = Literal["admin_bulk", "admin_single", "csv_marked", "software"]


@dataclass(frozen=True, slots=True)
class Sent:
    """One parcel handed over. Without ``ship_date`` it is today in Japan. Tracking is optional (SHP-01).

    ``carrier`` is the code of a carrier (shared/shop/carriers.py), or the name of a carrier without a code.
    """

    destination_id: UUID
    ship_date: date | None = None
    carrier: str | None = None
    tracking_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipWish:
    """The options of shipping one order or many: the person who ships, whether to notify buyers, whether to close.

    ``mark_processed`` also sets 処理済み, with or without a deposit (ORD-14). A complete order becomes 処理済み anyway, unless
    the shop leaves that to staff. ``override_reason`` says why an order is shipped although its money is no longer
    secured. The timeline shows it with the name in ``by``.
    """

    source: Source
    by: str
    at: datetime
    send_mail: bool = False
    mark_processed: bool = False
    override_reason: str = ""


async def ship_order(
    tx: Tx,
    *,
    order_code: str,
    sent: Sequence[Sent] | None,
    wish: ShipWish,
    carrier: str | None = None,
    tracking_number: str | None = None,
    version: int | None = None,
) -> None:
    """Ship the parcels of one order; see :func:`ship`."""
    async with open_orders(tx, [order_code]) as book:
        ship(
            book,
            order_code,
            sent=sent,
            wish=wish,
            carrier=carrier,
            tracking_number=tracking_number,
            version=version,
        )


def ship(
    book: OrderBook,
    code: str,
    *,
    sent: Sequence[Sent] | None,
    wish: ShipWish,
    carrier: str | None = None,
    tracking_number: str | None = None,
    version: int | None = None,
) -> None:
    """Ship the parcels in ``sent``. With None, ship all unshipped parcels with ``carrier`` and number.

    Shipped pieces leave the stock. Raises Refused for:

    - an order that is unknown, changed since ``version``, cancelled or already shipped
    - a prepaid order without payment (KON-35), and an order that is not authorized
    - an order whose authorization ended, if there is no reason to ship
    - a request without a ticked parcel (ORD-17)
    - a number that its carrier does not use
    - a ship date before the order, or more than AHEAD_DAYS_MAX ahead
    """
    order = book.seen(code, version)
    check_shippable(order, override=wish.override_reason)
    if risk := unsecured(order):
        book.note(_override(order, risk, wish))
    if sent is None:
        left = [parcel for parcel in order.parcels if not parcel.shipped]
        sent = [Sent(p.destination_id, None, carrier, tracking_number) for p in left]
    parcels = _parcels_sent(order, sent, at=wish.at)
    for parcel in parcels:
        order = book.set_parcel(
            code,
            parcel.destination_id,
            ship_date=parcel.ship_date,
            carrier=parcel.carrier,
            tracking_number=parcel.tracking_number,
        )
    full = all(parcel.shipped for parcel in order.parcels)
    if full:
        book.move(code, "ship", by=wish.by, at=wish.at, shipped_at=wish.at)
    else:
        book.move(code, "ship_part", by=wish.by, at=wish.at)
    book.note(_entry(order, parcels, full=full, by=wish.by, at=wish.at))
    shipped = _shipped(code, parcels, full=full, wish=wish)
    book.say(shipped)
    book.do_at_last(_take_from_stock, shipped)
    if wish.mark_processed and full and book[code].may("process"):
        process_in_book(book, code, by=wish.by, at=wish.at, caused_by=shipped.event_id)
    else:
        process_if_complete(book, code, at=wish.at, caused_by=shipped.event_id)


async def _take_from_stock(tx: Tx, shipped: Sequence[Shipped]) -> None:
    """Record that the shipped pieces left the stock."""
    quantities = await quantities_of(tx, [event.order_code for event in shipped])
    await ship_stock(
        tx,
        [
            LeftTheHouse(
                event.order_code,
                str(parcel.destination_id),
                quantities[parcel.destination_id],
                event.occurred_at,
            )
            for event in shipped
            for parcel in event.destinations
        ],
    )


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
        if ship_date > in_japan(at).date() + timedelta(days=AHEAD_DAYS_MAX):
            raise Refused(
                "ship_date_too_far_ahead",
                f"商品発送日は{AHEAD_DAYS_MAX}日後までの日付で入力してください",
                field="ship_date",
                status=422,
            )
        parcels.append(
            replace(
                parcel,
                ship_date=ship_date,
                carrier=carrier_called(one.carrier or parcel.carrier).code or None,
                tracking_number=_number(one, parcel),
            )
        )
    return parcels


def _number(one: Sent, parcel: Parcel) -> str | None:
    if one.tracking_number is None:
        return parcel.tracking_number
    return carrier_called(one.carrier or parcel.carrier).checked_number(one.tracking_number)


def _override(order: Order, risk: str, wish: ShipWish) -> TimelineEntry:
    return TimelineEntry(
        order_code=order.code,
        at=wish.at,
        topic="shipping",
        kind="stop",
        title="確認のうえ発送しました",
        text=f"{risk.split('ため', 1)[0]}状態での発送　理由：{wish.override_reason}",
        by=wish.by,
        facts={"kind": "override", "reason": wish.override_reason},
    )


def _shipped(code: str, parcels: Sequence[Parcel], *, full: bool, wish: ShipWish) -> Shipped:
    return Shipped(
        order_code=code,
        destinations=tuple(_shipped_destination(parcel, at=wish.at) for parcel in parcels),
        fully_shipped=full,
        source=wish.source,
        send_mail=wish.send_mail,
        by=wish.by,
        occurred_at=wish.at,
    )


def _shipped_destination(parcel: Parcel, *, at: datetime) -> ShippedDestination:
    return ShippedDestination(
        destination_id=parcel.destination_id,
        ship_date=parcel.ship_date or in_japan(at).date(),
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
    )


def _entry(order: Order, parcels: Sequence[Parcel], *, full: bool, by: str, at: datetime) -> TimelineEntry:
    lines = [
        " ".join(
            filter(None, (f"{parcel.name} 様", carrier_called(parcel.carrier).name, parcel.tracking_number))
        )
        for parcel in parcels
    ]
    title = "発送済みになりました" if full else "一部のお届け先を発送しました"
    return TimelineEntry(
        order_code=order.code,
        at=at,
        topic="shipping",
        kind="done",
        title=title,
        text="、".join(lines),
        by=by,
    )
