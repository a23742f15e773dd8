"""The list of listings for staff."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.clock import now
from shared.database.planning import LONG
from shared.database.transactions import Database, Tx
from shared.text.search_words import fold, like_part

ListingTab = Literal["all", "shown", "hidden", "out"]
ListingState = Literal["shown", "hidden", "before", "after", "out"]


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A listing in the list: its state, prices in yen with tax, and the stock of all its products."""

    listing_id: UUID
    address: str
    name: str
    categories: str
    state: ListingState
    price_from: int
    price_to: int
    products: int
    available: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ListingSearch:
    """The search conditions of the list."""

    tab: ListingTab = "all"
    text: str = ""
    category: str = ""
    sort: str = ""


def _values(search: ListingSearch) -> dict[str, Any]:
    text = search.text.strip()
    return {
        "pattern": like_part(fold(text) or text) if text else None,
        "category": search.category or None,
        "at": now(),
    }


_STATE = """
    CASE WHEN l.hidden THEN 'hidden' WHEN bool_and(p.sale_until <= :at) THEN 'after'
        WHEN bool_and(p.sale_from > :at) THEN 'before'
        WHEN coalesce(sum(s.available) FILTER (WHERE p.on_sale), 0) < 1 THEN 'out' ELSE 'shown' END
"""
_LISTED = f"""
    SELECT l.listing_id, l.address, l.name, l.position, l.created_at, {_STATE} AS state,
        coalesce((SELECT string_agg(c.name, '・' ORDER BY c.position, c.name) FROM listing_categories
            JOIN categories c USING (category_id) WHERE listing_id = l.listing_id), '') AS categories,
        min(p.unit_price) AS price_from, max(p.unit_price) AS price_to, count(*) AS products,
        sum(s.available) AS available
    FROM listings l JOIN products p USING (listing_id) JOIN stock s USING (sku)
    WHERE (CAST(:pattern AS text) IS NULL OR l.search_text LIKE :pattern)
        AND (CAST(:category AS text) IS NULL OR EXISTS (SELECT 1 FROM listing_categories JOIN categories c
            USING (category_id) WHERE listing_id = l.listing_id AND c.name = :category))
    GROUP BY l.listing_id
"""  # noqa: S608 - our own words
_TABS: Mapping[ListingTab, str] = {
    "all": "true",
    "shown": "state IN ('shown', 'out')",
    "hidden": "state NOT IN ('shown', 'out')",
    "out": "state = 'out'",
}
_COLUMNS = ", ".join(ListedRow.__dataclass_fields__)
_ORDERS = {
    "": "position, address",
    "name": "name, address",
    "price": "price_from, address",
    "available": "available, address",
    "created_at": "created_at, address",
}


def _found(search: ListingSearch) -> str:
    order = _ORDERS.get(search.sort.removeprefix("-"), _ORDERS[""])
    if search.sort.startswith("-"):
        order = order.replace(",", " DESC,", 1)
    return f"SELECT {_COLUMNS} FROM ({_LISTED}) AS found WHERE {_TABS[search.tab]} ORDER BY {order}"  # noqa: S608


async def find_listings(
    tx: Tx, search: ListingSearch, *, limit: int, offset: int
) -> tuple[list[ListedRow], dict[str, int]]:
    """Return one page of the listings, and the number of listings of each tab."""
    await tx.plan(LONG)
    found = await tx.read(
        ListedRow,
        f"{_found(search)} LIMIT :limit OFFSET :offset",
        limit=limit,
        offset=offset,
        **_values(search),
    )
    counts = ", ".join(f"count(*) FILTER (WHERE {condition}) AS {tab}" for tab, condition in _TABS.items())
    row = await tx.row(f"SELECT {counts} FROM ({_LISTED}) AS found", **_values(search))  # noqa: S608
    return found, dict(row) if row is not None else {}


def every_listing(db: Database, search: ListingSearch) -> AsyncIterator[ListedRow]:
    """Stream all found listings."""
    return db.read_all(ListedRow, _found(search), **_values(search))
