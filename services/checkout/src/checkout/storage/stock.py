"""Stock: a guarded number per product and the ledger that explains it (reliability.md P4).

Every change is one guarded UPDATE and one ledger row in the caller's transaction. Products are always
locked in the order of their SKU, so that two orders can never wait for each other.
"""

from collections.abc import Mapping
from datetime import datetime

from shared.database import Tx
from shared.ids import new_id


async def reserve_stock(
    tx: Tx, quantities: Mapping[str, int], *, order_code: str, at: datetime
) -> Mapping[str, int]:
    """Hold stock for an order; return what could not be held as {sku: pieces left}.

    If anything is returned, roll the transaction back: some lines may have been held.
    """
    for sku in sorted(quantities):
        held = await tx.execute(
            "UPDATE stock SET available = available - :quantity, reserved = reserved + :quantity"
            " WHERE sku = :sku AND available >= :quantity",
            sku=sku,
            quantity=quantities[sku],
        )
        if held.rowcount != 1:
            left = await tx.value("SELECT available FROM stock WHERE sku = :sku", sku=sku)
            return {sku: left or 0}
    await _note(tx, "reserved", {sku: (-n, n) for sku, n in quantities.items()}, reference=order_code, at=at)
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
    if held:
        await _note(tx, "released", {sku: (n, -n) for sku, n in held.items()}, reference=order_code, at=at)


async def ship_stock(
    tx: Tx, quantities: Mapping[str, int], *, order_code: str, parcel: str, at: datetime
) -> None:
    """Note that reserved pieces left the house in ``parcel`` (unique within the order)."""
    for sku in sorted(quantities):
        await tx.execute(
            "UPDATE stock SET reserved = reserved - :quantity WHERE sku = :sku",
            sku=sku,
            quantity=quantities[sku],
        )
    await _note(
        tx,
        "shipped",
        {sku: (0, -n) for sku, n in quantities.items()},
        reference=f"{order_code}/{parcel}",
        at=at,
    )


async def _note(
    tx: Tx, reason: str, changes: Mapping[str, tuple[int, int]], *, reference: str, at: datetime
) -> None:
    await tx.execute(
        "INSERT INTO stock_entries (entry_id, sku, reason, reference, available_change, reserved_change, at)"
        " SELECT e.entry_id, e.sku, :reason, :reference, e.available_change, e.reserved_change, :at"
        " FROM unnest(CAST(:ids AS uuid[]), CAST(:skus AS text[]), CAST(:available AS int[]),"
        " CAST(:reserved AS int[])) AS e(entry_id, sku, available_change, reserved_change)",
        ids=[new_id() for _ in changes],
        skus=list(changes),
        available=[available for available, _ in changes.values()],
        reserved=[reserved for _, reserved in changes.values()],
        reason=reason,
        reference=reference,
        at=at,
    )
