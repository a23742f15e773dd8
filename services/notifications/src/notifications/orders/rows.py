"""Whom an order belongs to, kept from OrderPlaced for every later mail."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from shared.database import Tx
from shared.events import OrderPlaced


async def orders_of(tx: Tx, codes: Sequence[str]) -> dict[str, OrderPlaced]:
    """Return the orders among ``codes`` that we have heard of, by code."""
    rows = await tx.rows(
        "SELECT order_code, CAST(placed AS text) AS placed FROM contacts WHERE order_code = ANY(CAST(:codes AS text[]))",
        codes=list(codes),
    )
    return {row.order_code: OrderPlaced.model_validate_json(row.placed) for row in rows}


async def set_cancelled(tx: Tx, cancelled: Mapping[str, datetime]) -> int:
    """Note when orders were cancelled; return how many of them we know."""
    return await tx.execute(
        "UPDATE contacts AS c SET cancelled_at = coalesce(c.cancelled_at, n.at)"
        " FROM unnest(CAST(:codes AS text[]), CAST(:ats AS timestamptz[])) AS n(order_code, at)"
        " WHERE c.order_code = n.order_code",
        codes=list(cancelled),
        ats=list(cancelled.values()),
    )


async def belongs_to(tx: Tx, code: str, member_id: UUID) -> bool:
    """Tell whether order ``code`` is one of this member's."""
    found = await tx.value(
        "SELECT 1 FROM contacts WHERE order_code = :code AND member_id = :member_id",
        code=code,
        member_id=member_id,
    )
    return found is not None


async def payment_names(tx: Tx) -> dict[str, str]:
    """Return the payment methods that orders have used, code to the name that buyers see."""
    rows = await tx.rows(
        "SELECT DISTINCT placed->>'payment_kind' AS kind, placed->>'payment_name' AS name FROM contacts"
    )
    return {row.kind: row.name for row in rows}
