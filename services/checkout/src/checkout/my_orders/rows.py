"""Orders as their buyers see them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from checkout.orders.code import ORDER_CODE
from checkout.orders.order import Standing
from checkout.orders.payments import Number, PaymentTold, read_told
from checkout.orders.rows import standing_of
from checkout.placing.placements import placement_of_order
from shared.database import Tx
from shared.sql import Row

_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class BuyersOrder:
    """An order with its lines and parcels, and what payments told of its payment.

    ``registers``: the buyer asked to become a member with it and was not refused; ``registered``: members has
    made the buyer a member with this order; ``linked``: one who may log in with
    Amazon.
    """

    head: Row
    lines: Sequence[Row]
    parcels: Sequence[Row]
    told: PaymentTold
    confirm_path: str | None = None
    registers: bool = False
    registered: bool = False
    linked: bool = False

    @property
    def standing(self) -> Standing:
        """Return what payments told of the money beside the straight way."""
        return standing_of(self.head)

    @property
    def awaits_buyer(self) -> bool:
        """Tell whether the buyer still has to go to the provider, or to come back from there."""
        head = self.head
        return bool(head.status != "cancelled" and head.payment == "awaited" and self.confirm_path)

    @property
    def received(self) -> int:
        """Return what came in already, in yen, of an order that is not paid in full."""
        told = self.standing
        return max(told.captured + told.suspense - told.refunded, 0) if self.head.deposit == "unpaid" else 0

    @property
    def excess(self) -> int:
        """Return what came beyond what the order costs and is still with us, in yen, of an order that is paid."""
        told = self.standing
        paid = self.head.deposit == "paid" and self.head.status != "cancelled"
        spare = told.captured + told.suspense - told.refunded - int(self.head.total)
        return max(min(spare, told.suspense), 0) if paid else 0

    @property
    def still_to_pay(self) -> int:
        """Return what the order still costs after what came in, in yen."""
        return max(int(self.head.total) - self.received, 0)

    @property
    def number(self) -> Number | None:
        """Return the payment number that the buyer pays with, if there is one."""
        return self.told.number

    @property
    def failure(self) -> str | None:
        """Return the reason why the payment failed, as payments words it; None if it did not."""
        return self.told.failure if self.head.payment == "failed" else None


async def read_buyers_order(tx: Tx, code: str) -> BuyersOrder | None:
    """Return the order, or None if there is no such order."""
    head = await tx.row("SELECT * FROM orders WHERE code = :code", code=code)
    if head is None:
        return None
    lines = await tx.rows(
        "SELECT l.sku, l.name, l.quantity, l.unit_price, p.image FROM order_lines l"
        " LEFT JOIN products p USING (sku) WHERE l.order_code = :code ORDER BY l.line_number",
        code=code,
    )
    parcels = await tx.rows(
        "SELECT * FROM order_destinations WHERE order_code = :code ORDER BY position", code=code
    )
    facts = await tx.rows(
        "SELECT facts FROM timeline WHERE order_code = :code AND topic = 'member' ORDER BY at, entry_id",
        code=code,
    )
    placement = await placement_of_order(tx, code) if head.payment == "awaited" else None
    confirm_path = placement.next_path if placement and placement.confirm_path else None
    kinds = {row.facts.get("kind") for row in facts}
    return BuyersOrder(
        head,
        lines,
        parcels,
        await read_told(tx, code),
        confirm_path,
        registers=head.registers_member and "registration_refused" not in kinds,
        registered="registered" in kinds,
        linked="linked" in kinds,
    )


async def page_key_of(tx: Tx, code: str) -> str | None:
    """Return the key that opens the page of this order alone, if it has one."""
    found: str | None = await tx.value("SELECT page_key FROM orders WHERE code = :code", code=code)
    return found


async def read_contact(tx: Tx, typed: str) -> tuple[str, str, str] | None:
    """Return code, e-mail address and telephone number of an order, by its code or its 受付番号; None if unknown."""
    of_order = "SELECT code, orderer_email, orderer_phone FROM orders WHERE"
    if ORDER_CODE.fullmatch(typed):
        row = await tx.row(f"{of_order} code = :code", code=typed)
    elif _NUMBER.fullmatch(typed):
        row = await tx.row(f"{of_order} number = :number", number=int(typed))
    else:
        return None
    return (row.code, row.orderer_email, row.orderer_phone) if row else None


async def read_orders_of(
    tx: Tx, *, member_id: UUID | None, codes: Sequence[str], newest: int = 50
) -> Sequence[Row]:
    """Return the newest orders of a member, or of a browser by their codes. Unpaid ends are hidden (X-39)."""
    return await tx.rows(
        "SELECT code, number, placed_at, status, deposit, shipping, payment, payment_flow, payment_deposit, payment_name, total, cancel_reason,"
        " money_with_us, refunded_amount, payment_calls, points_used, coupon_name"
        " FROM orders WHERE (member_id = :member_id OR code = ANY(:codes))"
        " AND cancel_reason IS DISTINCT FROM 'unpaid'"
        " ORDER BY placed_at DESC LIMIT :newest",
        member_id=member_id,
        codes=list(codes),
        newest=newest,
    )


async def read_item_names(tx: Tx, codes: Sequence[str]) -> dict[str, list[str]]:
    """Return what was ordered, by order code: names in the order of the lines."""
    rows = await tx.rows(
        "SELECT order_code, name FROM order_lines WHERE order_code = ANY(:codes) ORDER BY order_code, line_number",
        codes=list(codes),
    )
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(row.order_code, []).append(row.name)
    return names
