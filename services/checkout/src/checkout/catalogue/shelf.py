"""The goods that buyers see in lists: by category, by search, in an order, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from checkout.catalogue.rules import FEW_LEFT, image_url
from shared.database.planning import LONG
from shared.database.transactions import Tx
from shared.text.search_words import fold, like_part, searched

SortOrder = Literal["position", "newest", "cheap", "dear"]
WORDS_MAX = 6
_ORDER = {
    "position": "category_position, category, position, address",
    "newest": "created_at DESC, address",
    "cheap": "price_from, address",
    "dear": "price_to DESC, address",
}
_ON_SHELF = """
    p.on_sale AND (p.sale_from IS NULL OR p.sale_from <= :at) AND (p.sale_until IS NULL OR p.sale_until > :at)
"""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A listing in a list of the shop. Prices are the lowest and the highest of its products, in yen with tax.

    ``available`` are the pieces of all its products together.
    """

    address: str
    name: str
    maker: str
    category: str
    image: str
    price_from: int
    price_to: int
    available: int
    kind: str

    @property
    def image_url(self) -> str:
        """Return the address of its first picture."""
        return image_url(self.image)

    @property
    def few_left(self) -> bool:
        """Return whether so few pieces are left that the shop shows their number."""
        return 0 < self.available <= FEW_LEFT


async def read_shelf(
    tx: Tx,
    *,
    at: datetime,
    text: str = "",
    category_id: UUID | None = None,
    sort: SortOrder = "position",
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Shelved], int]:
    """Return one page of the listings on sale, and the number of all.

    ``text`` finds a listing if each of its words is part of name, reading, maker, categories, SKUs or values.
    """
    await tx.plan(LONG)
    words = [fold(word) for word in searched(text).split()[:WORDS_MAX]]
    if text.strip() and not any(words):
        return [], 0
    rows = await tx.rows(
        f"""
        SELECT l.address, l.name, l.maker, coalesce(c.name, '') AS category, min(p.unit_price) AS price_from,
            max(p.unit_price) AS price_to, sum(s.available) AS available, max(p.kind) AS kind,
            (array_agg(p.image ORDER BY p.position, p.sku))[1] AS image, count(*) OVER () AS total,
            coalesce(c.position, 2147483647) AS category_position, l.position, l.created_at
        FROM listings l JOIN products p USING (listing_id) JOIN stock s USING (sku)
        LEFT JOIN categories c ON c.name = p.category
        WHERE {_ON_SHELF} AND l.search_text LIKE ALL (CAST(:words AS text[]))
            AND (CAST(:category_id AS uuid) IS NULL OR EXISTS (SELECT 1 FROM listing_categories
                WHERE listing_id = l.listing_id AND category_id = :category_id))
        GROUP BY l.listing_id, c.name, c.position ORDER BY {_ORDER[sort]} LIMIT :limit OFFSET :offset
        """,  # noqa: S608 - our own words
        at=at,
        words=[like_part(word) for word in words if word],
        category_id=category_id,
        limit=limit,
        offset=offset,
    )
    if not rows and offset:
        return [], (await read_shelf(tx, at=at, text=text, category_id=category_id, sort=sort, limit=1))[1]
    return [_shelved(dict(row)) for row in rows], rows[0].total if rows else 0


def _shelved(row: dict[str, Any]) -> Shelved:
    return Shelved(**{name: row[name] for name in Shelved.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class ShelfCategory:
    """A category with goods on sale."""

    category_id: UUID
    name: str
    listings: int


async def read_shelf_categories(tx: Tx, *, at: datetime) -> list[ShelfCategory]:
    """Return the categories that have goods on sale, in the shop's order."""
    return await tx.read(
        ShelfCategory,
        f"""
        SELECT c.category_id, c.name, count(DISTINCT lc.listing_id) AS listings FROM categories c
        JOIN listing_categories lc USING (category_id) JOIN products p USING (listing_id)
        WHERE {_ON_SHELF} GROUP BY c.category_id ORDER BY c.position, c.name
        """,  # noqa: S608 - our own words
        at=at,
    )


async def read_addresses(tx: Tx, *, at: datetime) -> Sequence[str]:
    """Return the addresses of all listings on sale, for the sitemap."""
    await tx.plan(LONG)
    rows = await tx.rows(
        f"SELECT l.address FROM listings l WHERE EXISTS (SELECT 1 FROM products p"  # noqa: S608
        f" WHERE p.listing_id = l.listing_id AND {_ON_SHELF}) ORDER BY l.position, l.address",
        at=at,
    )
    return [row.address for row in rows]
