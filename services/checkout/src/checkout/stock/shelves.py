"""The stock of each product, the ledger behind it, and the booking of receipts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.database.planning import LONG
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.ids import new_id

StockReason = Literal["initial", "received", "reserved", "released", "shipped"]


async def receive_stock(
    tx: Tx, sku: str, pieces: int, *, reference: str, note: str, by: str, at: datetime
) -> int | None:
    """Add ``pieces`` to the stock, once per ``reference``. Return the pieces for sale after it.

    Returns None for an unknown product. Raises Refused(recorded_already) if the ``reference`` booked another product,
    number or note. Two products with one ``reference`` at the same moment wait for each other.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(5, hashtext(:reference))", reference=reference)
    before = await tx.value("SELECT available FROM stock WHERE sku = :sku FOR UPDATE", sku=sku)
    if before is None:
        return None
    booked = await _receipt_of(tx, reference, sku)
    if booked is not None:
        if booked != _Receipt(sku, pieces, note):
            raise Refused("recorded_already", "この入荷は記録済みです。最新の内容を確認してください。")
        return int(before)
    await tx.execute(
        "INSERT INTO stock_entries"
        ' (entry_id, sku, reason, reference, available_change, reserved_change, at, note, "by")'
        " VALUES (:id, :sku, 'received', :reference, :pieces, 0, :at, :note, :by)",
        id=new_id(),
        sku=sku,
        reference=reference,
        pieces=pieces,
        at=at,
        note=note,
        by=by,
    )
    return int(
        await tx.value(
            "UPDATE stock SET available = available + :pieces WHERE sku = :sku RETURNING available",
            sku=sku,
            pieces=pieces,
        )
    )


async def is_received(tx: Tx, reference: str) -> bool:
    """Return whether a receipt with this reference is booked. Another one with it waits for this transaction."""
    await tx.execute("SELECT pg_advisory_xact_lock(5, hashtext(:reference))", reference=reference)
    found = await tx.value("SELECT 1 FROM stock_entries WHERE reference = :reference", reference=reference)
    return found is not None


@dataclass(frozen=True, slots=True)
class _Receipt:
    sku: str
    pieces: int
    note: str


async def _receipt_of(tx: Tx, reference: str, sku: str) -> _Receipt | None:
    """Return the receipt with this reference, if it is for this product."""
    return await tx.read_one(
        _Receipt,
        "SELECT sku, available_change AS pieces, note FROM stock_entries"
        " WHERE reference = :reference AND reason = 'received' ORDER BY sku <> :sku LIMIT 1",
        reference=reference,
        sku=sku,
    )


@dataclass(frozen=True, slots=True)
class Shelf:
    """A product with its pieces for sale and its pieces reserved for orders."""

    sku: str
    name: str
    category: str
    on_sale: bool
    available: int
    reserved: int


async def read_shelves(tx: Tx, *, limit: int, offset: int) -> tuple[list[Shelf], int]:
    """Return one page of all products with their stock, and the number of products."""
    await tx.plan(LONG)
    shelves = await tx.read(
        Shelf,
        "SELECT p.sku, p.name, p.category, p.on_sale, s.available, s.reserved"
        " FROM products p JOIN stock s USING (sku) ORDER BY p.position, p.sku LIMIT :limit OFFSET :offset",
        limit=limit,
        offset=offset,
    )
    return shelves, int(await tx.value("SELECT count(*) FROM stock"))


async def read_shelf_of(tx: Tx, sku: str) -> Shelf | None:
    """Return one product with its stock, or None."""
    return await tx.read_one(
        Shelf,
        "SELECT p.sku, p.name, p.category, p.on_sale, s.available, s.reserved"
        " FROM products p JOIN stock s USING (sku) WHERE p.sku = :sku",
        sku=sku,
    )


@dataclass(frozen=True, slots=True)
class StockEntry:
    """One entry of a product's ledger: the changes of the pieces for sale and reserved, with the reason.

    ``order_code`` is the order of the entry. ``note`` and ``by`` are empty if no person booked it.
    """

    at: datetime
    reason: StockReason
    available_change: int
    reserved_change: int
    order_code: str | None
    note: str | None
    by: str | None


async def read_stock_entries(tx: Tx, sku: str, *, limit: int, offset: int) -> tuple[list[StockEntry], int]:
    """Return one page of a product's ledger, newest first, and the number of its entries."""
    await tx.plan(LONG)
    entries = await tx.read(
        StockEntry,
        'SELECT e.at, e.reason, e.available_change, e.reserved_change, o.code AS order_code, e.note, e."by" FROM stock_entries e'
        " LEFT JOIN orders o ON o.code = split_part(e.reference, '/', 1)"
        " WHERE e.sku = :sku ORDER BY e.at DESC, e.entry_id DESC LIMIT :limit OFFSET :offset",
        sku=sku,
        limit=limit,
        offset=offset,
    )
    return entries, int(await tx.value("SELECT count(*) FROM stock_entries WHERE sku = :sku", sku=sku))
