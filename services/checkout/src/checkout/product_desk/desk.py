"""商品: the list of listings."""

from typing import get_args

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from checkout.catalogue.listing_rows import read_categories
from checkout.product_desk.export_catalogue import export_catalogue
from checkout.product_desk.labels import STATES
from checkout.product_desk.rows import ListedRow, ListingSearch, ListingTab, find_listings
from shared.web.cells import Cell, at, badge, hint, link, number, text, yen
from shared.web.deeds import done_by, rows_taken
from shared.web.fields import Line
from shared.web.lists import Asked, Column, DeskList, SearchBox, Tabs
from shared.web.paging import Paging
from shared.web.parts import CurrentParts
from shared.web.session import MayExport, needs

router = APIRouter(include_in_schema=False)

PAGE = "/desk/products"


class ProductFilters(BaseModel):
    """The search box and the filter of the list."""

    q: Line = Field("", title="検索する言葉", max_length=100)
    category: Line = Field("", title="分類", max_length=60)


def _price(row: ListedRow) -> Cell:
    return (yen(row.price_from), hint(text("から"))) if row.price_to > row.price_from else yen(row.price_from)


PRODUCTS = DeskList[ProductFilters, ListedRow](
    path=PAGE,
    filters=ProductFilters,
    columns=[
        Column(
            "商品名", lambda row: link(row.name, f"{PAGE}/{row.listing_id}"), sort="name", css="clip card-who"
        ),
        Column("商品コード", lambda row: text(row.address)),
        Column("状態", lambda row: badge(STATES.of(row.state)), css="card-state"),
        Column("分類", lambda row: text(row.categories)),
        Column("価格", _price, sort="price", css="card-amount", numeric=True),
        Column("バリエーション", lambda row: number(row.products), numeric=True, named=True),
        Column("販売可能", lambda row: number(row.available), sort="available", numeric=True, named=True),
        Column("登録", lambda row: at(row.created_at), sort="created_at", named=True),
    ],
    href=lambda row: f"{PAGE}/{row.listing_id}",
    tabs=Tabs(
        "tab", {"all": "すべて", "shown": "販売中", "hidden": "非公開・期間外", "out": "在庫なし"}, keeps=True
    ),
    search=SearchBox("商品名・商品コード・読み"),
    file="products",
)


def _search(asked: Asked[ProductFilters]) -> ListingSearch:
    tabs: tuple[ListingTab, ...] = get_args(ListingTab)
    tab = next(one for one in tabs if one == asked.tab)
    return ListingSearch(tab, asked.filters.q, asked.filters.category, asked.sort)


@router.get(PAGE, dependencies=[needs("read_stock")])
async def list_products(request: Request, parts: CurrentParts, paging: Paging) -> Response:
    """Show the listings in the shop's order."""
    asked = PRODUCTS.read(request, paging)
    async with parts.db.transaction() as tx:
        rows, counts = await find_listings(tx, _search(asked), limit=paging.size, offset=paging.offset)
        categories = await read_categories(tx)
    shown = PRODUCTS.shown(
        asked,
        rows,
        counts[asked.tab],
        counts=counts,
        options={"category": [(one.name, one.name) for one in categories]},
    )
    return parts.pages.render(request, "desk_products.html", status=asked.status, list=shown, tab=asked.tab)


@router.get(f"{PAGE}/export.csv")
async def send_products(request: Request, parts: CurrentParts, staff: MayExport, paging: Paging) -> Response:
    """Return all pages of the shown list as CSV. The export is recorded with the name of who made it."""
    asked = PRODUCTS.read(request, paging).for_file()
    found = await export_catalogue(
        parts.db,
        _search(asked),
        by=done_by(request, staff),
        subject=lambda count: rows_taken(PRODUCTS, request, count),
    )
    return PRODUCTS.csv(found)
