"""Orders with unmistakable data for the tests of checkout."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from checkout.orders.rows import NewOrder, insert_orders
from checkout.stock.moves import reserve_stock
from shared.clock import now
from shared.database.transactions import Database
from shared.events import Address, Amounts, Destination, Line, Orderer, OrderPlaced, PaymentNumberIssued
from shared.ids import new_id
from tests.checkout.goods import put_on_shelf
from tests.checkout.payment_terms import TERMS, Group

KIND: dict[Group, tuple[str, str]] = {
    "card_like": ("amazon_pay", "Amazon Pay"),
    "konbini": ("konbini", "コンビニ払い"),
    "transfer": ("bank_transfer", "銀行振込"),
    "cash_on_delivery": ("cash_on_delivery", "代金引換"),
}
ADDRESS = {
    "name": "試験 花子",
    "postal_code": "1500001",
    "prefecture": "東京都",
    "address1": "渋谷区神宮前1-2-3",
    "phone": "09000000000",
}
SKU = "test-cup"


async def stock_up(db: Database, available: int = 100, *, sku: str = SKU) -> None:
    """Put a product with ``available`` pieces on the shelf."""
    async with db.transaction() as tx:
        if not await tx.value("SELECT 1 FROM products WHERE sku = :sku", sku=sku):
            await put_on_shelf(
                tx, sku, name="試験の湯呑", price=1_500, available=available, image="cup.svg", explained=False
            )


def placed(group: Group, code: str, *, destinations: int = 1, **changes: Any) -> OrderPlaced:
    """Return an order of two cups for each delivery address, 3,500 yen with shipping for one."""
    kind, name = KIND[group]
    items = 3_000 * destinations
    values: dict[str, Any] = {
        "order_code": code,
        "payment_kind": kind,
        "payment_name": name,
        **TERMS[group],
        "amounts": Amounts(items=items, shipping=500, total=items + 500),
        "orderer": Orderer(**ADDRESS, kana="シケン ハナコ", email="hanako@example.jp"),
        "destinations": tuple(
            Destination(
                destination_id=new_id(),
                address=Address(**{**ADDRESS, "name": f"届け先 {number}郎"}),
                lines=(Line(sku=SKU, name="試験の湯呑", quantity=2, unit_price=1_500),),
            )
            for number in range(1, destinations + 1)
        ),
        "placed_at": now(),
        "page_url": f"http://127.0.0.1:8080/orders/{code}",
    }
    return OrderPlaced(**{**values, **changes})


async def place(
    db: Database,
    group: Group,
    code: str,
    *,
    destinations: int = 1,
    number: int | None = None,
    **changes: Any,
) -> OrderPlaced:
    """Store an order with its stock reserved, as placing it does."""
    await stock_up(db)
    order = placed(group, code, destinations=destinations, order_number=number, **changes)
    async with db.transaction() as tx:
        await reserve_stock(tx, {code: {SKU: 2 * destinations}}, at=order.placed_at)
        await insert_orders(tx, [NewOrder(order)])
    return order


async def order_row(db: Database, code: str) -> Any:
    """Return the stored order."""
    async with db.transaction() as tx:
        return await tx.row("SELECT * FROM orders WHERE code = :code", code=code)


async def stock_row(db: Database) -> tuple[int, int]:
    """Return (available, reserved) of the test's product."""
    async with db.transaction() as tx:
        row = await tx.row("SELECT available, reserved FROM stock WHERE sku = :sku", sku=SKU)
    assert row is not None
    return row.available, row.reserved


async def timeline_titles(db: Database, code: str) -> list[str]:
    """Return the titles of an order's timeline in the order in which they were written."""
    async with db.transaction() as tx:
        rows = await tx.rows(
            "SELECT title FROM timeline WHERE order_code = :code ORDER BY entry_id", code=code
        )
    return [row.title for row in rows]


async def history(db: Database, code: str) -> list[tuple[int, str]]:
    """Return (version, move) of every change."""
    async with db.transaction() as tx:
        rows = await tx.rows(
            "SELECT version, move FROM order_history WHERE order_code = :code ORDER BY version", code=code
        )
    return [(row.version, row.move) for row in rows]


def payment(code: str, kind: str = "amazon_pay") -> dict[str, Any]:
    """Return what every event of payments has."""
    return {"order_code": code, "payment_id": UUID(int=7), "payment_kind": kind}


def number_issued(code: str) -> PaymentNumberIssued:
    """Return what payments says when the buyer has a number to pay with."""
    return PaymentNumberIssued(
        **payment(code, "konbini"),
        amount=3_500,
        number="12345678901",
        chain="lawson",
        number_label="お支払い番号",
        due_at=now() + timedelta(days=6),
        page_url="http://127.0.0.1:8080/payments/x",
    )
