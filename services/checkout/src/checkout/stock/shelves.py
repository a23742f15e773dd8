"""The stock of each product, and the ledger behind it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.database.planning import LONG
from shared.database.transactions import Database, Tx
from shared.text.search_words import fold, like_part

StockReason = Literal["initial", "received", "reserved", "released", "shipped", "corrected", "counted"]
StockTab = Literal["all", "low", "out"]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A product with its pieces for sale and its pieces reserved for orders. ``low_at`` pieces or fewer are few."""

    sku: str
    name: str
    category: str
    on_sale: bool
    available: int
    reserved: int
    low_at: int
    listing_id: UUID | None

    @property
    def in_house(self) -> int:
        """Return the pieces in the house, those reserved for orders included."""
        return self.available + self.reserved

    @property
    def is_low(self) -> bool:
        """Return whether few pieces are left, or none."""
        return self.available <= self.low_at


_SHELVES = (
    "SELECT p.sku, p.name, p.category, p.on_sale, s.available, s.reserved, s.low_at, p.listing_id"
    " FROM products p JOIN stock s USING (sku) LEFT JOIN listings l USING (listing_id)"
)
_WHERE: Mapping[StockTab, str] = {
    "all": "true",
    "low": "p.on_sale AND s.available <= s.low_at",
    "out": "p.on_sale AND s.available < 1",
}
_FOUND = (
    "(CAST(:pattern AS text) IS NULL OR l.search_text LIKE :pattern OR lower(p.sku) LIKE lower(:typed)"
    " OR lower(p.name) LIKE lower(:typed))"
)
_ORDER = " ORDER BY l.position, p.position, p.sku"


@dataclass(frozen=True, slots=True)
class StockSearch:
    """The search conditions of the list of stock."""

    tab: StockTab = "all"
    text: str = ""


def _values(search: StockSearch) -> dict[str, Any]:
    text = search.text.strip()
    return {"pattern": like_part(fold(text) or text) if text else None, "typed": like_part(text)}


async def read_shelves(
    tx: Tx, search: StockSearch, *, limit: int, offset: int
) -> tuple[list[Shelf], dict[str, int]]:
    """Return one page of the products with their stock, and the number of products of each tab."""
    await tx.plan(LONG)
    where = f"{_WHERE[search.tab]} AND {_FOUND}"
    shelves = await tx.read(
        Shelf,
        f"{_SHELVES} WHERE {where}{_ORDER} LIMIT :limit OFFSET :offset",
        limit=limit,
        offset=offset,
        **_values(search),
    )
    counts = ", ".join(f"count(*) FILTER (WHERE {condition}) AS {tab}" for tab, condition in _WHERE.items())
    row = await tx.row(
        f"SELECT {counts} FROM products p JOIN stock s USING (sku) LEFT JOIN listings l USING (listing_id)"  # noqa: S608
        f" WHERE {_FOUND}",
        **_values(search),
    )
    return shelves, dict(row) if row is not None else {}


def every_shelf(db: Database, search: StockSearch) -> AsyncIterator[Shelf]:
    """Stream all found products with their stock."""
    return db.read_all(
        Shelf, f"{_SHELVES} WHERE {_WHERE[search.tab]} AND {_FOUND}{_ORDER}", **_values(search)
    )


async def read_shelf_of(tx: Tx, sku: str) -> Shelf | None:
    """Return one product with its stock, or None."""
    return await tx.read_one(Shelf, f"{_SHELVES} WHERE p.sku = :sku", sku=sku)


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
