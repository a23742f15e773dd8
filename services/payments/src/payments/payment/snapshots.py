"""Orders as they were placed, kept for the methods. The desk shows their taxes; nothing else reads them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from payments.payment.rules.order import OrderSnapshot
from payments.payment.rules.payment import Payment
from payments.payment.tables import order_snapshots
from shared.database.bulk import insert_all
from shared.database.transactions import Tx

_ORDER = TypeAdapter(OrderSnapshot)


def order_of(snapshot: Any) -> OrderSnapshot | None:
    """Return the order of a row, or None without a row. Raises ValueError if it cannot be read."""
    return None if snapshot is None else _ORDER.validate_python(snapshot)


async def insert_snapshots(tx: Tx, payments: Iterable[Payment], at: datetime) -> None:
    """Store the orders of new payments. The first copy of a known order stays."""
    rows = [
        {
            "order_code": one.order_code,
            "snapshot": _ORDER.dump_python(one.order, mode="json"),
            "stored_at": at,
        }
        for one in payments
        if one.order is not None
    ]
    await insert_all(tx, order_snapshots, rows, skip_known=True)


async def with_order(tx: Tx, payment: Payment) -> Payment:
    """Return the payment with the order as it was placed, if a copy exists."""
    snapshot = await tx.value(
        "SELECT snapshot FROM order_snapshots WHERE order_code = :code", code=payment.order_code
    )
    return payment.changed(order=order_of(snapshot))
