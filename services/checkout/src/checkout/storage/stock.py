"""Stock: a guarded number per product and the ledger that explains it (reliability.md P4).

Every change of the number has its rows in the ledger, in the caller's transaction. Products are always
locked in the order of their SKU, so that two transactions can never wait for each other.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from checkout.storage.catalogue_tables import stock_entries
from shared.bulk import insert_all
from shared.database import Tx
from shared.ids import new_id


async def reserve_stock(
    tx: Tx, wanted: Mapping[str, Mapping[str, int]], *, at: datetime
) -> Mapping[str, tuple[str, int]]:
    """Hold stock for orders, {order code: {sku: pieces}}; those named first are served first.

    Returns the orders that could not be served, with a SKU and the pieces left of it. If there are any,
    nothing was held for anybody: leave them out and ask again.
    """
    left = await _lock(tx, {sku for quantities in wanted.values() for sku in quantities})
    short: dict[str, tuple[str, int]] = {}
    for code, quantities in wanted.items():
        lacking = [sku for sku, pieces in quantities.items() if left.get(sku, 0) < pieces]
        if lacking:
            short[code] = (lacking[0], left.get(lacking[0], 0))
            continue
        for sku, pieces in quantities.items():
            left[sku] -= pieces
    if short:
        return short
    held: Counter[str] = Counter()
    for quantities in wanted.values():
        held.update(quantities)
    # Guarded as well as locked: the number itself never lets more go than there is.
    changed = await tx.execute(
        "UPDATE stock AS s SET available = s.available - n.pieces, reserved = s.reserved + n.pieces"
        " FROM unnest(CAST(:skus AS text[]), CAST(:pieces AS int[])) AS n(sku, pieces)"
        " WHERE s.sku = n.sku AND s.available >= n.pieces",
        skus=list(held),
        pieces=list(held.values()),
    )
    if changed != len(held):
        raise RuntimeError(f"stock of {list(held)} changed under its lock")
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
    """Give back what an order holds and was not shipped. Doing it again changes nothing."""
    held = {
        row.sku: row.held
        for row in await tx.rows(
            "SELECT sku, sum(reserved_change) AS held FROM stock_entries"
            " WHERE reference = :code OR reference LIKE :parcels GROUP BY sku"
            " HAVING sum(reserved_change) > 0 ORDER BY sku",
            code=order_code,
            parcels=f"{order_code}/%",
        )
    }
    for sku, quantity in held.items():
        await tx.execute(
            "UPDATE stock SET available = available + :quantity, reserved = reserved - :quantity"
            " WHERE sku = :sku",
            sku=sku,
            quantity=quantity,
        )
    await _note(tx, [_Entry("released", order_code, sku, n, -n, at) for sku, n in held.items()])


@dataclass(frozen=True, slots=True)
class LeftTheHouse:
    """What is in one parcel of an order: {sku: pieces}. ``parcel`` is unique within the order."""

    order_code: str
    parcel: str
    quantities: Mapping[str, int]
    at: datetime


async def ship_stock(tx: Tx, parcels: Sequence[LeftTheHouse]) -> None:
    """Note that reserved pieces left the house."""
    leaving: Counter[str] = Counter()
    for parcel in parcels:
        leaving.update(parcel.quantities)
    await _lock(tx, leaving)
    await tx.execute(
        "UPDATE stock AS s SET reserved = s.reserved - n.pieces"
        " FROM unnest(CAST(:skus AS text[]), CAST(:pieces AS int[])) AS n(sku, pieces) WHERE s.sku = n.sku",
        skus=list(leaving),
        pieces=list(leaving.values()),
    )
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


async def _lock(tx: Tx, skus: Iterable[str]) -> dict[str, int]:
    """Lock products in the order of their SKU; return what can still be sold of each."""
    rows = await tx.rows(
        "SELECT sku, available FROM stock WHERE sku = ANY(:skus) ORDER BY sku FOR UPDATE", skus=list(skus)
    )
    return {row.sku: row.available for row in rows}


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
