"""Queries for orders as their buyers see them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from checkout.orders.rules.code import ORDER_CODE
from checkout.orders.stored_order import (
    ORDER_COLUMNS,
    Destination,
    OrderedLine,
    StoredOrder,
    read_destinations,
    read_lines,
    read_order,
    stored_order,
)
from checkout.orders.told.benefits import read_memberships
from checkout.orders.told.payment import Number, PaymentTold, read_told
from checkout.placing.placements import placement_of_order
from shared.database.transactions import Tx

_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class BuyersOrder:
    """An order with its lines and parcels, and the reports of payments about its payment.

    ``registers`` means that the buyer asked to become a member with it and was not refused. ``registered`` means that
    members made the buyer a member with this order. ``linked`` means that the member may log in with Amazon.
    """

    head: StoredOrder
    lines: Sequence[OrderedLine]
    parcels: Sequence[Destination]
    told: PaymentTold
    confirm_path: str | None = None
    registers: bool = False
    registered: bool = False
    linked: bool = False

    @property
    def awaits_buyer(self) -> bool:
        """Return whether the buyer must still visit the provider, or return from there."""
        head = self.head
        return bool(head.status != "cancelled" and head.payment == "awaited" and self.confirm_path)

    @property
    def received(self) -> int:
        """Return the yen received for an order that is not fully paid."""
        return self.head.standing.kept if self.head.deposit == "unpaid" else 0

    @property
    def excess(self) -> int:
        """Return the yen beyond the total of a paid order that are still here."""
        standing = self.head.standing
        paid = self.head.deposit == "paid" and self.head.status != "cancelled"
        return max(min(standing.kept - self.head.total, standing.suspense), 0) if paid else 0

    @property
    def waived(self) -> int:
        """Return the yen of the total that the shop does not claim, because staff accepted less as the whole."""
        head, captured = self.head, self.head.standing.captured
        paid = head.deposit == "paid" and head.status != "cancelled"
        return max(head.total - captured, 0) if paid and captured else 0

    @property
    def still_to_pay(self) -> int:
        """Return the unpaid part of the total, in yen."""
        return max(self.head.total - self.received, 0)

    @property
    def number(self) -> Number | None:
        """Return the payment number for the buyer, or None."""
        return self.told.number

    @property
    def failure(self) -> str | None:
        """Return the code of the reason why the payment failed, as payments reported it.

        Return None if it did not fail.
        """
        return self.told.failure if self.head.payment == "failed" else None


async def read_buyers_order(tx: Tx, code: str) -> BuyersOrder | None:
    """Return the order, or None if there is no such order."""
    head = await read_order(tx, code)
    if head is None:
        return None
    placement = await placement_of_order(tx, code) if head.payment == "awaited" else None
    memberships = await read_memberships(tx, code)
    return BuyersOrder(
        head,
        lines=await read_lines(tx, code),
        parcels=(await read_destinations(tx, [code]))[code],
        told=await read_told(tx, code),
        confirm_path=placement.next_path if placement and placement.confirm_path else None,
        registers=head.registers_member and "refused" not in memberships,
        registered="registered" in memberships,
        linked="linked" in memberships,
    )


async def page_key_of(tx: Tx, code: str) -> str | None:
    """Return the key that opens only the page of this order. Return None if it has none."""
    found: str | None = await tx.value("SELECT page_key FROM orders WHERE code = :code", code=code)
    return found


@dataclass(frozen=True, slots=True)
class Contact:
    """The contact data by which a guest proves to be the buyer of an order."""

    code: str
    email: str
    phone: str


async def read_contact(tx: Tx, typed: str) -> Contact | None:
    """Return the contact of an order, by its code or 受付番号. Return None if it is unknown."""
    of_order = "SELECT code, orderer_email AS email, orderer_phone AS phone FROM orders WHERE"
    if ORDER_CODE.fullmatch(typed):
        return await tx.read_one(Contact, f"{of_order} code = :code", code=typed)
    if _NUMBER.fullmatch(typed):
        return await tx.read_one(Contact, f"{of_order} number = :number", number=int(typed))
    return None


async def read_orders_of(
    tx: Tx, *, member_id: UUID | None, codes: Sequence[str], newest: int = 50
) -> list[StoredOrder]:
    """Return the newest orders of a member, or of a browser by their codes.

    Orders that ended unpaid are hidden (X-39).
    """
    return await tx.read(
        stored_order,
        f"SELECT {ORDER_COLUMNS} FROM orders WHERE (member_id = :member_id OR code = ANY(:codes))"  # noqa: S608
        " AND cancel_reason IS DISTINCT FROM 'unpaid' ORDER BY placed_at DESC LIMIT :newest",
        member_id=member_id,
        codes=list(codes),
        newest=newest,
    )


async def read_item_names(tx: Tx, codes: Sequence[str]) -> dict[str, list[str]]:
    """Return product names by order code, in the order of the lines."""
    rows = await tx.rows(
        "SELECT order_code, name FROM order_lines WHERE order_code = ANY(:codes) ORDER BY order_code, line_number",
        codes=list(codes),
    )
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(row.order_code, []).append(row.name)
    return names
