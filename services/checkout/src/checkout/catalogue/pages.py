"""The pages of the product list and of each listing."""

from itertools import groupby
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from checkout.catalogue.labels import SORT_ORDERS, TEMPERATURES
from checkout.catalogue.listing import Listing
from checkout.catalogue.listing_rows import find_listing
from checkout.catalogue.search_engines import listing_data
from checkout.catalogue.shelf import SortOrder, read_shelf, read_shelf_categories
from checkout.shop.front import read_front
from checkout.shop.origin import Origin
from shared.clock import last_day, now
from shared.errors import Refused
from shared.shop.labels import members
from shared.text.search_words import searched
from shared.web.paging import Paging
from shared.web.parts import CurrentParts
from shared.web.session import viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)


@router.get("/")
async def show_shelf(
    request: Request,
    parts: CurrentParts,
    asked: Paging,
    q: str = "",
    category: str = "",
    sort: str = "",
) -> Response:
    """Show the goods on sale: all of them by category, those of one category, or those that a search finds."""
    category_id = _uuid(category)
    order: SortOrder = sort if sort in members(SortOrder) else "position"  # type: ignore[assignment]
    at, text = now(), searched(q)
    async with parts.db.transaction() as tx:
        front = await read_front(tx)
        categories = await read_shelf_categories(tx, at=at)
        found, total = await read_shelf(
            tx,
            at=at,
            text=text,
            category_id=category_id,
            sort=order,
            limit=asked.size,
            offset=asked.offset,
        )
    chosen = next((one for one in categories if one.category_id == category_id), None)
    if category and chosen is None:
        raise Refused("category_unknown", "この分類に、販売中の商品はありません。", status=404)
    by_category = order == "position" and not text and chosen is None
    shelves = (
        [(name, list(group)) for name, group in groupby(found, key=lambda one: one.category)]
        if by_category
        else [("", found)]
    )
    return parts.pages.render(
        request,
        "shop_home.html",
        shelves=[shelf for shelf in shelves if shelf[1]],
        categories=categories,
        chosen=chosen,
        text=text,
        sort=order,
        sorts=list(SORT_ORDERS.items()),
        page=asked.of(total),
        settings=front.settings,
        identity=front.identity,
    )


@router.get("/items/{address}")
async def show_item(
    request: Request, parts: CurrentParts, address: str, sku: Annotated[str, Query(max_length=80)] = ""
) -> Response:
    """Show one listing. The SKU of one of its products leads to it. Raises Refused(product_unknown)."""
    async with parts.db.transaction() as tx:
        listing = await find_listing(tx, address) if "\x00" not in address else None
        front = await read_front(tx)
    if listing is None or (listing.hidden and not listing.offered):
        raise Refused("product_unknown", "この商品は見つかりませんでした。", status=404)
    if listing.address != address:
        return RedirectResponse(f"{listing.page_path}?sku={address}", 301)
    offered = listing.offered
    chosen = next((one for one in offered if one.sku == sku), None)
    return parts.pages.render(
        request,
        "shop_item.html",
        listing=listing,
        offered=offered,
        chosen=chosen or next((one for one in offered if not one.sold_out), None),
        temperature=TEMPERATURES[listing.details.terms.temperature],
        sale_until=_last_day(listing),
        settings=front.settings,
        delivery_time=front.law.delivery_time,
        structured=listing_data(listing, parts[Origin].url),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _last_day(listing: Listing) -> str:
    until = listing.details.terms.sale_until
    return f"{last_day(until):%Y/%m/%d}" if until else ""
