"""Changes of stock: a guarded number per product, and the ledger that explains it (promise P4).

Every change adds its rows to the ledger in the caller's transaction. Products are always locked in the order of their
SKU, so that two transactions never deadlock.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from checkout.stock.tables import stock_entries
from shared.database.bulk import insert_all
from shared.database.transactions import Tx
from shared.ids import new_id

# Products are locked first, in the order of their SKU. They change only if there is enough of each. The statement
# returns the pieces for sale from before the change.
_RESERVE = """
    WITH wanted AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:pieces AS int[])) AS w(sku, pieces)
    ), locked AS MATERIALIZED (
        SELECT sku, available FROM stock WHERE sku = ANY(CAST(:skus AS text[])) ORDER BY sku FOR UPDATE
    ), changed AS (
        UPDATE stock AS s SET available = s.available - w.pieces, reserved = s.reserved + w.pieces
        FROM wanted AS w WHERE s.sku = ANY(ARRAY(SELECT sku FROM locked)) AND s.sku = w.sku
            AND NOT EXISTS (SELECT FROM wanted AS o LEFT JOIN locked AS l ON l.sku = o.sku
                            WHERE coalesce(l.available, 0) < o.pieces)
        RETURNING s.sku
    )
    SELECT sku, available, sku IN (SELECT sku FROM changed) AS changed FROM locked
"""
_SHIP = """
    WITH locked AS MATERIALIZED (
        SELECT sku FROM stock WHERE sku = ANY(CAST(:skus AS text[])) ORDER BY sku FOR UPDATE
    )
    UPDATE stock AS s SET reserved = s.reserved - w.pieces
    FROM unnest(CAST(:skus AS text[]), CAST(:pieces AS int[])) AS w(sku, pieces)
    WHERE s.sku = ANY(ARRAY(SELECT sku FROM locked)) AND s.sku = w.sku
"""


async def reserve_stock(
    tx: Tx, wanted: Mapping[str, Mapping[str, int]], *, at: datetime
) -> Mapping[str, tuple[str, int]]:
    """Reserve stock for orders, {order code: {sku: pieces}}. Earlier orders in the mapping come first.

    Returns the orders without enough stock, each with a SKU and its remaining pieces. In that case nothing is reserved
    for any order. Leave those orders out and call again. Deferred statements are sent with this one.
    """
    pieces_of: Counter[str] = Counter()
    for quantities in wanted.values():
        pieces_of.update(quantities)
    locked = await tx.rows_at_last(_RESERVE, skus=list(pieces_of), pieces=list(pieces_of.values()))
    if short := _short(wanted, {row.sku: row.available for row in locked}):
        return short
    if not all(row.changed for row in locked):
        raise RuntimeError(f"stock of {list(pieces_of)} changed under its lock")
    await _note(
        tx,
        [
            _Entry("reserved", code, sku, -pieces, pieces, at)
            for code, quantities in wanted.items()
            for sku, pieces in quantities.items()
        ],
    )
    return {}


async def release_stock(tx: Tx, order_code: str, *, at: datetime) -> None:
    """Release the pieces that are still reserved for an order and were not shipped. A repetition changes nothing."""
    reserved = {
        row.sku: row.reserved
        for row in await tx.rows(
            "SELECT sku, sum(reserved_change) AS reserved FROM stock_entries"
            " WHERE reference = :code OR reference LIKE :parcels GROUP BY sku"
            " HAVING sum(reserved_change) > 0 ORDER BY sku",
            code=order_code,
            parcels=f"{order_code}/%",
        )
    }
    for sku, quantity in reserved.items():
        await tx.execute(
            "UPDATE stock SET available = available + :quantity, reserved = reserved - :quantity"
            " WHERE sku = :sku",
            sku=sku,
            quantity=quantity,
        )
    await _note(tx, [_Entry("released", order_code, sku, n, -n, at) for sku, n in reserved.items()])


@dataclass(frozen=True, slots=True)
class LeftTheHouse:
    """The content of one shipped parcel of an order: {sku: pieces}. ``parcel`` is unique within the order."""

    order_code: str
    parcel: str
    quantities: Mapping[str, int]
    at: datetime


async def ship_stock(tx: Tx, parcels: Sequence[LeftTheHouse]) -> None:
    """Record that reserved pieces were shipped."""
    leaving: Counter[str] = Counter()
    for parcel in parcels:
        leaving.update(parcel.quantities)
    await tx.execute(_SHIP, skus=list(leaving), pieces=list(leaving.values()))
    await _note(
        tx,
        [
            _Entry("shipped", f"{one.order_code}/{one.parcel}", sku, 0, -pieces, one.at)
            for one in parcels
            for sku, pieces in one.quantities.items()
        ],
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    reason: str
    reference: str
    sku: str
    available_change: int
    reserved_change: int
    at: datetime


def _short(wanted: Mapping[str, Mapping[str, int]], left: Mapping[str, int]) -> Mapping[str, tuple[str, int]]:
    """Serve the orders in sequence from the remaining stock. Return those that fail, each with what it lacks."""
    still = dict(left)
    short: dict[str, tuple[str, int]] = {}
    for code, quantities in wanted.items():
        lacking = [sku for sku, pieces in quantities.items() if still.get(sku, 0) < pieces]
        if lacking:
            short[code] = (lacking[0], still.get(lacking[0], 0))
            continue
        for sku, pieces in quantities.items():
            still[sku] -= pieces
    return short


async def _note(tx: Tx, entries: Sequence[_Entry]) -> None:
    await insert_all(
        tx,
        stock_entries,
        [
            {
                "entry_id": new_id(),
                "sku": one.sku,
                "reason": one.reason,
                "reference": one.reference,
                "available_change": one.available_change,
                "reserved_change": one.reserved_change,
                "at": one.at,
            }
            for one in entries
        ],
    )
