"""在庫・入荷: the stock of each product, its ledger, and receipts of goods."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from checkout.stock.labels import REASONS
from checkout.stock.receive_goods import Cause, receive_goods
from checkout.stock.shelves import (
    Shelf,
    StockEntry,
    is_received,
    read_shelf_of,
    read_shelves,
    read_stock_entries,
)
from shared.clock import now
from shared.errors import Refused
from shared.events import StockReceiptBooked
from shared.ids import new_id
from shared.shop.labels import Mark
from shared.web.cells import badge, link, number, text
from shared.web.deeds import done_by, name_of
from shared.web.fields import Count, Line
from shared.web.forms import Form, read_form
from shared.web.lists import Column, DeskList, NoFilters
from shared.web.paging import PageAsked, Paging
from shared.web.parts import CurrentParts, parts_of
from shared.web.session import Staff, needs

router = APIRouter(include_in_schema=False)

PAGE = "/desk/stock"
# A SKU that PostgreSQL cannot store as text names no product, so its page does not exist.
Sku = Annotated[str, Field(max_length=60, pattern=r"^[0-9A-Za-z._-]+$")]


class ReceiptForm(BaseModel):
    """A receipt of one product. ``key`` is made with the form, so that a repeated submission is booked once."""

    pieces: Count = Field(title="入荷数", description="1～9,999個。登録後の減数はできません。")
    cause: Cause = Field(title="入荷の理由")
    memo: Line = Field("", title="メモ", description="納品書の番号など。", max_length=100)
    key: UUID


SHELVES = DeskList[NoFilters, Shelf](
    path=PAGE,
    filters=NoFilters,
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
            "販売可能",
            lambda row: number(row.available) if row.available else badge(("在庫なし", "stop")),
            css="card-amount",
            numeric=True,
            named=True,
        ),
        Column("引当済み", lambda row: number(row.reserved), numeric=True, named=True),
    ],
    href=lambda row: f"{PAGE}/{row.sku}",
)


@router.get(PAGE, dependencies=[needs("read_stock")])
async def list_stock(request: Request, parts: CurrentParts, paging: Paging) -> Response:
    """Show every product with the pieces for sale and the pieces reserved for orders."""
    async with parts.db.transaction() as tx:
        rows, total = await read_shelves(tx, limit=paging.size, offset=paging.offset)
    shown = SHELVES.shown(SHELVES.read(request, paging), rows, total)
    return parts.pages.render(request, "desk_stock.html", list=shown)


@router.get(PAGE + "/{sku}", dependencies=[needs("read_stock")])
async def show_stock(request: Request, sku: Sku, asked: Paging) -> Response:
    """Show one product's ledger, newest first, and the form for a receipt."""
    return await _product(request, sku, asked, _empty_form())


@router.post(PAGE + "/{sku}", dependencies=[needs("book_stock")])
async def book_receipt(
    request: Request, parts: CurrentParts, sku: Sku, asked: Paging, staff: Staff
) -> Response:
    """入荷を登録する."""
    form = await read_form(request, ReceiptForm)
    if form.errors:
        return await _product(request, sku, asked, form, status=422)
    asked_for = form.value
    try:
        async with parts.db.transaction() as tx:
            repeated = await is_received(tx, f"received-{asked_for.key}")
            available = await receive_goods(
                tx,
                sku=sku,
                **asked_for.model_dump(exclude={"key"}),
                key=str(asked_for.key),
                by=name_of(staff),
                at=now(),
            )
            if not repeated:
                tx.say(
                    StockReceiptBooked(
                        **done_by(request, staff),
                        subject=f"{sku}：{asked_for.cause} {asked_for.pieces:,}個 {asked_for.memo}".strip(),
                        before=f"販売可能 {available - asked_for.pieces:,}個",
                        after=f"販売可能 {available:,}個",
                    )
                )
    except Refused as refused:
        if refused.field is None:
            raise
        form.refuse(refused)
        return await _product(request, sku, asked, form, status=refused.status)
    toast = f"{asked_for.pieces}個の入荷を登録しました（販売可能 {available}個）"
    return parts.pages.redirect(request, f"{PAGE}/{sku}", toast=toast)


def _empty_form() -> Form[ReceiptForm]:
    return Form(ReceiptForm, {"key": str(new_id())})


async def _product(
    request: Request, sku: str, asked: PageAsked, form: Form[ReceiptForm], *, status: int = 200
) -> Response:
    parts = parts_of(request)
    async with parts.db.transaction() as tx:
        product = await read_shelf_of(tx, sku)
        if product is None:
            raise Refused("product_unknown", f"商品 {sku} はありません。", status=404)
        rows, total = await read_stock_entries(tx, sku, limit=asked.size, offset=asked.offset)
    if "key" in form.errors:
        form = _empty_form()
    return parts.pages.render(
        request,
        "desk_stock_product.html",
        status=status,
        product=product,
        form=form,
        causes=Cause.__args__,  # type: ignore[attr-defined]
        entries=[_line(row) for row in rows],
        page=asked.of(total),
    )


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One entry of a product's ledger with the text and the mark of its reason."""

    entry: StockEntry
    word: str
    kind: Mark


def _line(entry: StockEntry) -> ShownEntry:
    word, kind = REASONS.of(entry.reason)
    return ShownEntry(entry, word, kind)
