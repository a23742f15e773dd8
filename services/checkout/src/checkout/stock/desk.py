"""在庫・入荷: the stock of each product, its ledger, and what staff book: receipts, corrections, counts."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from checkout.stock.book_stock import (
    CorrectionCause,
    Doer,
    ReceiptCause,
    correct_stock,
    count_stock,
    receive_goods,
    set_low_mark,
)
from checkout.stock.export_stock import export_stock
from checkout.stock.labels import REASONS
from checkout.stock.shelves import (
    Shelf,
    StockEntry,
    StockSearch,
    StockTab,
    read_shelf_of,
    read_shelves,
    read_stock_entries,
)
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.ids import new_id
from shared.shop.labels import Mark
from shared.web.cells import Cell, badge, link, number, text
from shared.web.deeds import done_by, name_of, rows_taken
from shared.web.fields import CHOSEN, Count, Line, Pieces
from shared.web.forms import Form, read_form
from shared.web.lists import Column, DeskList, SearchBox, Tabs
from shared.web.paging import PageAsked, Paging
from shared.web.parts import CurrentParts, parts_of
from shared.web.session import MayExport, Viewer, needs, require_right

router = APIRouter(include_in_schema=False)

PAGE = "/desk/stock"
F = TypeVar("F", bound=BaseModel)
MayBook = Annotated[Viewer, Depends(require_right("book_stock"))]
# A SKU that PostgreSQL cannot store as text names no product, so its page does not exist.
Sku = Annotated[str, Field(max_length=60, pattern=r"^[0-9A-Za-z._-]+$")]


class StockFilters(BaseModel):
    """The search box of the list."""

    q: Line = Field("", title="検索する言葉", max_length=100)


class ReceiptForm(BaseModel):
    """A receipt of one product. ``key`` is made with the form, so that a repeated submission is booked once."""

    pieces: Count = Field(title="入荷数", description="1～9,999個。減らすときは、訂正を使ってください。")
    cause: Annotated[ReceiptCause, CHOSEN] = Field(title="入荷の理由")
    memo: Line = Field("", title="メモ", description="納品書の番号など。", max_length=100)
    key: UUID


class CorrectionForm(BaseModel):
    """A correction up or down, with its reason."""

    change: Pieces = Field(
        title="増減", description="減らすときは -3、増やすときは 3 のように入力します。", ge=-9_999, le=9_999
    )
    cause: Annotated[CorrectionCause, CHOSEN] = Field(title="訂正の理由")
    memo: Line = Field("", title="メモ", max_length=100)
    key: UUID


class CountForm(BaseModel):
    """A count of the pieces in the house."""

    counted: Pieces = Field(
        title="数えた実数", description="引当済みで発送前の分も含めた、手元にある数です。", ge=0, le=9_999_999
    )
    memo: Line = Field("", title="メモ", max_length=100)
    key: UUID


class LowMarkForm(BaseModel):
    """From how many pieces down the product is on the list of low stock."""

    low_at: Pieces = Field(
        title="在庫わずかの目安",
        description="販売可能な数がこの数以下になると、「在庫わずか」に並びます。",
        ge=0,
        le=9_999,
    )


FORMS: Mapping[str, type[BaseModel]] = {
    "receipt": ReceiptForm,
    "correction": CorrectionForm,
    "count": CountForm,
    "low": LowMarkForm,
}


def _available(row: Shelf) -> Cell:
    if not row.available:
        return badge(("在庫なし", "stop"))
    return (number(row.available), badge(("わずか", "wait"))) if row.is_low else number(row.available)


SHELVES = DeskList[StockFilters, Shelf](
    path=PAGE,
    filters=StockFilters,
    columns=[
        Column("商品コード", lambda row: link(row.sku, f"{PAGE}/{row.sku}", is_code=True)),
        Column("商品名", lambda row: text(row.name), css="clip card-who"),
        Column("分類", lambda row: text(row.category)),
        Column(
            "販売",
            lambda row: badge(("販売中", "done") if row.on_sale else ("販売停止", "plain")),
            css="card-state",
        ),
        Column(
            "販売可能", _available, css="card-amount", numeric=True, named=True, csv=lambda row: row.available
        ),
        Column("引当済み", lambda row: number(row.reserved), numeric=True, named=True),
        Column("手元", lambda row: number(row.in_house), numeric=True, named=True),
        Column("目安", lambda row: number(row.low_at), numeric=True, named=True),
    ],
    href=lambda row: f"{PAGE}/{row.sku}",
    tabs=Tabs("tab", {"all": "すべて", "low": "在庫わずか", "out": "在庫なし"}, keeps=True),
    search=SearchBox("商品コード・商品名・読み"),
    file="stock",
)


def _search(tab: str, filters: StockFilters) -> StockSearch:
    known: Mapping[str, StockTab] = {"all": "all", "low": "low", "out": "out"}
    return StockSearch(known[tab], filters.q)


@router.get(PAGE, dependencies=[needs("read_stock")])
async def list_stock(request: Request, parts: CurrentParts, paging: Paging) -> Response:
    """Show the products with the pieces for sale and the pieces reserved for orders; a tab has those with few."""
    asked = SHELVES.read(request, paging)
    search = _search(asked.tab, asked.filters)
    async with parts.db.transaction() as tx:
        rows, counts = await read_shelves(tx, search, limit=paging.size, offset=paging.offset)
    shown = SHELVES.shown(asked, rows, counts[asked.tab], counts=counts)
    return parts.pages.render(request, "desk_stock.html", status=asked.status, list=shown, tab=asked.tab)


@router.get(PAGE + "/export.csv")
async def send_stock(request: Request, parts: CurrentParts, staff: MayExport, paging: Paging) -> Response:
    """Return all pages of the shown list as CSV. The export is recorded with the name of who made it."""
    asked = SHELVES.read(request, paging).for_file()
    found = await export_stock(
        parts.db,
        _search(asked.tab, asked.filters),
        by=done_by(request, staff),
        subject=lambda count: rows_taken(SHELVES, request, count),
    )
    return SHELVES.csv(found)


@router.get(PAGE + "/{sku}", dependencies=[needs("read_stock")])
async def show_stock(request: Request, sku: Sku, asked: Paging) -> Response:
    """Show one product's ledger, newest first, and the forms for what can be booked."""
    return await _product(request, sku, asked)


@router.post(PAGE + "/{sku}")
async def book_receipt(request: Request, sku: Sku, asked: Paging, staff: MayBook) -> Response:
    """入荷を登録する."""

    async def book(tx: Tx, form: ReceiptForm) -> str:
        available = await receive_goods(tx, **_booking(request, staff, sku, form))
        return f"{form.pieces}個の入荷を登録しました（販売可能 {available:,}個）"

    return await _book(request, sku, asked, "receipt", ReceiptForm, book)


@router.post(PAGE + "/{sku}/correction")
async def book_correction(request: Request, sku: Sku, asked: Paging, staff: MayBook) -> Response:
    """在庫を訂正する."""

    async def book(tx: Tx, form: CorrectionForm) -> str:
        if not form.change:
            raise Refused("nothing_changed", "増減は0以外で入力してください", field="change", status=422)
        available = await correct_stock(tx, **_booking(request, staff, sku, form))
        return f"在庫を{form.change:+,}個訂正しました（販売可能 {available:,}個）"

    return await _book(request, sku, asked, "correction", CorrectionForm, book)


@router.post(PAGE + "/{sku}/count")
async def book_count(request: Request, sku: Sku, asked: Paging, staff: MayBook) -> Response:
    """棚卸を登録する."""

    async def book(tx: Tx, form: CountForm) -> str:
        difference, available = await count_stock(tx, **_booking(request, staff, sku, form))
        return f"棚卸を登録しました（差 {difference:+,}個、販売可能 {available:,}個）"

    return await _book(request, sku, asked, "count", CountForm, book)


@router.post(PAGE + "/{sku}/low")
async def save_low_mark(request: Request, sku: Sku, asked: Paging, staff: MayBook) -> Response:
    """目安を保存する."""

    async def save(tx: Tx, form: LowMarkForm) -> str:
        await set_low_mark(tx, sku=sku, low_at=form.low_at, by=_doer(request, staff))
        return f"在庫わずかの目安を{form.low_at:,}個にしました"

    return await _book(request, sku, asked, "low", LowMarkForm, save)


def _doer(request: Request, staff: Viewer) -> Doer:
    return Doer(name_of(staff), done_by(request, staff))


def _booking(request: Request, staff: Viewer, sku: str, form: BaseModel) -> dict[str, Any]:
    values = form.model_dump()
    return {**values, "key": str(values["key"]), "sku": sku, "by": _doer(request, staff), "at": now()}


async def _book(
    request: Request,
    sku: str,
    asked: PageAsked,
    name: str,
    model: type[F],
    book: Callable[[Tx, F], Awaitable[str]],
) -> Response:
    """Book what the form says and return to the page; a refusal is shown at its field."""
    parts = parts_of(request)
    form = await read_form(request, model, prefix="" if name == "receipt" else f"{name}-")
    if form.errors:
        return await _product(request, sku, asked, status=422, **{name: form})
    try:
        async with parts.db.transaction() as tx:
            toast = await book(tx, form.value)
    except Refused as refused:
        if refused.field is None:
            raise
        form.refuse(refused)
        return await _product(request, sku, asked, status=refused.status, **{name: form})
    return parts.pages.redirect(request, f"{PAGE}/{sku}", toast=toast)


async def _product(
    request: Request, sku: str, asked: PageAsked, *, status: int = 200, **typed: Form[Any]
) -> Response:
    parts = parts_of(request)
    async with parts.db.transaction() as tx:
        product = await read_shelf_of(tx, sku)
        if product is None:
            raise Refused("product_unknown", f"商品 {sku} はありません。", status=404)
        rows, total = await read_stock_entries(tx, sku, limit=asked.size, offset=asked.offset)
    forms = {name: _empty(name, model, product) for name, model in FORMS.items()}
    forms |= {name: form for name, form in typed.items() if "key" not in form.errors}
    return parts.pages.render(
        request,
        "desk_stock_product.html",
        status=status,
        product=product,
        forms=forms,
        causes=get_args(ReceiptCause),
        corrections=get_args(CorrectionCause),
        entries=[_line(row) for row in rows],
        page=asked.of(total),
    )


def _empty(name: str, model: type[BaseModel], product: Shelf) -> Form[Any]:
    values = {"low_at": product.low_at} if name == "low" else {"key": str(new_id())}
    return Form(model, values, prefix="" if name == "receipt" else f"{name}-")


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One entry of a product's ledger with the text and the mark of its reason."""

    entry: StockEntry
    word: str
    kind: Mark


def _line(entry: StockEntry) -> ShownEntry:
    word, kind = REASONS.of(entry.reason)
    return ShownEntry(entry, word, kind)
