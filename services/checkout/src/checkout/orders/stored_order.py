"""Stored orders, delivery addresses and lines, and the queries that read them for pages.

These queries lock nothing. Use cases open an order book (``book.py``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from checkout.catalogue.rules import image_url
from checkout.orders.rules.order import OrderRow, Parcel
from shared.database.sql import columns_of
from shared.database.transactions import Tx
from shared.events import Adjustment, Amounts, TaxedAmount


@dataclass(frozen=True, slots=True)
class StoredOrder(OrderRow):
    """A stored order with the facts that pages show. ``member_id`` includes a buyer who registered with it (AP-08)."""

    number: int | None
    order_kind: str
    payment_kind: str
    payment_name: str
    payment_choice: Mapping[str, str]
    items_amount: int
    adjustments: tuple[Adjustment, ...]
    shipping_fee: int
    payment_fee: int
    point_discount: int
    coupon_discount: int
    coupon_name: str | None
    taxes: tuple[TaxedAmount, ...]
    tax_rounding: str | None
    member_id: UUID | None
    registers_member: bool
    orderer_name: str
    orderer_kana: str
    orderer_email: str
    orderer_phone: str
    orderer_postal_code: str
    orderer_prefecture: str
    orderer_address1: str
    orderer_address2: str

    @property
    def amounts(self) -> Amounts:
        """Return the parts of the total."""
        return Amounts(
            items=self.items_amount,
            adjustments=self.adjustments,
            shipping=self.shipping_fee,
            fee=self.payment_fee,
            point_discount=self.point_discount,
            coupon_discount=self.coupon_discount,
            total=self.total,
            taxes=self.taxes,
            tax_rounding=self.tax_rounding or "",
        )


ORDER_COLUMNS = ", ".join(StoredOrder.columns())
"""The columns of ``orders`` that a statement selects for :func:`stored_order`."""


def stored_order(
    *, adjustments: Sequence[Mapping[str, Any]], taxes: Sequence[Mapping[str, Any]], **columns: Any
) -> StoredOrder:
    """Return an order made from the columns of its row."""
    return StoredOrder.of_columns(
        adjustments=tuple(Adjustment(**one) for one in adjustments),
        taxes=tuple(TaxedAmount(**one) for one in taxes),
        **columns,
    )


@dataclass(frozen=True, slots=True)
class Destination:
    """One delivery address (お届け先) of an order, with its parcel. ``delivery_date`` is the day that the buyer asked for."""

    order_code: str
    destination_id: UUID
    name: str
    postal_code: str
    prefecture: str
    address1: str
    address2: str
    phone: str
    ship_date: date | None
    carrier: str | None
    tracking_number: str | None
    delivery_date: date | None

    @property
    def parcel(self) -> Parcel:
        """Return the parcel as the rules see it."""
        return Parcel(self.destination_id, self.name, self.ship_date, self.carrier, self.tracking_number)


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """One line of an order. ``unit_price`` is in yen; ``image`` is that of the product if it still exists.

    ``tax_reduced`` marks the reduced rate of the order's own day.
    """

    destination_id: UUID
    sku: str
    name: str
    quantity: int
    unit_price: int
    tax_reduced: bool
    image: str | None

    @property
    def image_url(self) -> str:
        """Return the address of the picture, or "" if the product has none."""
        return image_url(self.image) if self.image else ""


async def read_order(tx: Tx, code: str) -> StoredOrder | None:
    """Return the order, or None if there is no such order."""
    return (await read_orders(tx, [code])).get(code)


async def read_orders(tx: Tx, codes: Sequence[str]) -> dict[str, StoredOrder]:
    """Return the existing orders of ``codes``."""
    found = await tx.read(
        stored_order,
        f"SELECT {ORDER_COLUMNS} FROM orders WHERE code = ANY(:codes)",  # noqa: S608
        codes=list(codes),
    )
    return {order.code: order for order in found}


async def read_destinations(tx: Tx, codes: Sequence[str]) -> dict[str, list[Destination]]:
    """Return the delivery addresses of orders, by order code."""
    found = await tx.read(
        Destination,
        f"SELECT {columns_of(Destination)} FROM order_destinations"  # noqa: S608 - our own column names
        " WHERE order_code = ANY(:codes) ORDER BY order_code, position",
        codes=list(codes),
    )
    destinations: dict[str, list[Destination]] = {code: [] for code in codes}
    for one in found:
        destinations[one.order_code].append(one)
    return destinations


async def read_lines(tx: Tx, code: str) -> list[OrderedLine]:
    """Return the lines of an order, with the pictures of their products."""
    return await tx.read(
        OrderedLine,
        "SELECT l.destination_id, l.sku, l.name, l.quantity, l.unit_price, l.tax_reduced, p.image FROM order_lines l"
        " LEFT JOIN products p USING (sku) WHERE l.order_code = :code ORDER BY l.line_number",
        code=code,
    )


async def quantities_of(tx: Tx, codes: Sequence[str]) -> dict[UUID, dict[str, int]]:
    """Return the pieces by SKU for each delivery address of the orders."""
    found = await tx.rows(
        "SELECT destination_id, sku, sum(quantity) AS n FROM order_lines WHERE order_code = ANY(:codes)"
        " GROUP BY destination_id, sku",
        codes=list(codes),
    )
    quantities: dict[UUID, dict[str, int]] = {}
    for row in found:
        quantities.setdefault(row.destination_id, {})[row.sku] = row.n
    return quantities


@dataclass(frozen=True, slots=True)
class BuyerOfOrder:
    """The buyer of an order: ``member_id``, also of a buyer who registered with it, and the account at the wallet."""

    member_id: UUID | None
    wallet_buyer_id: str | None
    wallet_kind: str | None


async def buyer_of_order(tx: Tx, code: str) -> BuyerOfOrder | None:
    """Return the buyer of an order. Return None if there is no such order."""
    return await tx.read_one(
        BuyerOfOrder,
        "SELECT member_id, coalesce(wallet_buyer_id, amazon_buyer_id) AS wallet_buyer_id,"
        " CASE WHEN wallet_buyer_id IS NULL AND amazon_buyer_id IS NOT NULL THEN 'amazon_pay'"
        " ELSE wallet_kind END AS wallet_kind FROM orders WHERE code = :code",
        code=code,
    )
