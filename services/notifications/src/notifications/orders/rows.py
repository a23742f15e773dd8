"""Queries about orders: their buyers and content."""

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from shared.database.transactions import Tx
from shared.events import OrderPlaced


async def orders_of(tx: Tx, codes: Sequence[str]) -> dict[str, OrderPlaced]:
    """Return the known orders among ``codes``, by code."""
    rows = await tx.rows(
        "SELECT order_code, CAST(placed AS text) AS placed FROM contacts WHERE order_code = ANY(CAST(:codes AS text[]))",
        codes=list(codes),
    )
    return {row.order_code: OrderPlaced.model_validate_json(row.placed) for row in rows}


async def belongs_to(tx: Tx, code: str, member_id: UUID) -> bool:
    """Return whether order ``code`` belongs to this member."""
    found = await tx.value(
        "SELECT 1 FROM contacts WHERE order_code = :code AND member_id = :member_id",
        code=code,
        member_id=member_id,
    )
    return found is not None


async def page_key_of(tx: Tx, code: str) -> str:
    """Return the key that opens the order's page now. Return an empty one for an unknown order."""
    url = await tx.value("SELECT placed->>'page_url' FROM contacts WHERE order_code = :code", code=code)
    [key] = parse_qs(urlsplit(url or "").query).get("key", [""])
    return key


async def payment_names(tx: Tx) -> dict[str, str]:
    """Return the used payment methods, code to the name in the latest order."""
    return {row.kind: row.name for row in await tx.rows(_PAYMENT_NAMES)}


# The query takes one step in the index for each method. DISTINCT would read all orders.
_PAYMENT_NAMES = """
WITH RECURSIVE used AS (
    (SELECT placed->>'payment_kind' AS kind FROM contacts ORDER BY 1 LIMIT 1)
    UNION ALL
    SELECT (SELECT placed->>'payment_kind' FROM contacts WHERE placed->>'payment_kind' > used.kind ORDER BY 1 LIMIT 1)
    FROM used WHERE used.kind IS NOT NULL
)
SELECT used.kind, latest.name FROM used CROSS JOIN LATERAL (
    SELECT placed->>'payment_name' AS name FROM contacts
    WHERE placed->>'payment_kind' = used.kind ORDER BY placed_at DESC LIMIT 1
) AS latest
"""
