"""The order desk: work lists, search, and what can be done to many orders at once."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from checkout.order_desk.export_orders import export_orders
from checkout.order_desk.search import (
    FOUND_MAX,
    TABS,
    Search,
    count_paid_at_the_door,
    count_tabs,
    find_orders,
    payment_kinds,
    processed_but_unpaid,
)
from checkout.order_desk.words import ORDER_KIND_LABEL, badges, called_for, deposit_by_staff, is_held
from checkout.orders.words import DEPOSIT_LABEL, PAYMENT_LABEL, SHIPPING_LABEL, STATUS_LABEL
from shared.database import Database
from shared.sql import Row
from shared.web.csv_file import csv_response
from shared.web.deeds import done_by, rows_taken
from shared.web.fields import Line
from shared.web.filters import jst
from shared.web.forms import Form, parse_form
from shared.web.pages import Pages
from shared.web.paging import Paging
from shared.web.session import Owner, require_staff

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

Choice = Annotated[str, Field(max_length=40)]


class SearchForm(BaseModel):
    """The search form of the desk; every condition is optional."""

    q: Line = Field("", title="検索する言葉", max_length=100)
    status: Literal["", "in_progress", "processed", "cancelled"] = Field("", title="ステータス")
    order_kind: Literal["", "normal", "preorder", "subscription"] = Field("", title="受注種別")
    payment_kind: list[Choice] = Field(default_factory=list, title="決済種別", max_length=50)
    deposit: Literal["", "unpaid", "paid"] = Field("", title="入金状況")
    shipping: Literal["", "unshipped", "shipped"] = Field("", title="発送状況")
    placed_from: date | None = Field(None, title="注文日(から)")
    placed_to: date | None = Field(None, title="注文日(まで)")


COLUMNS = (
    "受付番号",
    "受注コード",
    "注文日時",
    "注文者",
    "決済種別",
    "ステータス",
    "入金状況",
    "発送状況",
    "合計",
    "要確認",
)
CHOICES: Mapping[str, Mapping[str, str]] = {
    "status": STATUS_LABEL,
    "order_kind": ORDER_KIND_LABEL,
    "deposit": DEPOSIT_LABEL,
    "shipping": SHIPPING_LABEL,
}


def asked_search(form: Form[SearchForm], tab: str) -> Search:
    """Return the tab's conditions narrowed by the form's (PAY-05); a form with errors narrows nothing."""
    fixed = TABS[tab][1]
    if form.errors:
        return fixed
    asked = form.value.model_dump()
    text = asked.pop("q")
    asked["payment_kind"] = tuple(kind for kind in asked["payment_kind"] if kind)
    wanted = {name: value for name, value in asked.items() if value and getattr(fixed, name) is None}
    return replace(fixed, text=text, **wanted)


def with_any_deposit(search: Search) -> str:
    """Return the address of ``search`` with 入金状況 「すべて」, which finds what is paid at the door too (ORD-07)."""
    asked = {**asdict(replace(search, deposit=None)), "q": search.text, "text": ""}
    return f"/desk/orders?tab=all&{urlencode({name: value for name, value in asked.items() if value}, doseq=True)}"


def selectable(row: Any, tab: str) -> bool:
    """Tell whether the tab's bulk action can apply to the row: no box where it never could (PAY-06)."""
    if tab == "unpaid":
        return deposit_by_staff(row)
    if tab in ("new", "all"):
        return bool(row.status == "in_progress")
    return tab == "unshipped"


@router.get("/desk")
async def open_desk(request: Request) -> Response:
    """The desk opens at its orders."""
    pages: Pages = request.app.state.pages
    return pages.redirect(request, "/desk/orders")


@router.get("/desk/orders")
async def list_orders(
    request: Request, asked: Paging, tab: str = "new", sort: str = "-placed_at"
) -> Response:
    """受注一覧: a work list (ORD-09), narrowed by the search form."""
    db: Database = request.app.state.db
    pages: Pages = request.app.state.pages
    tab = tab if tab in TABS else "all"
    form = parse_form(SearchForm, request.query_params)
    search = asked_search(form, tab)
    async with db.transaction() as tx:
        rows, total = await find_orders(tx, search, sort=sort, limit=asked.size, offset=asked.offset)
        counts = await count_tabs(tx)
        kinds = await payment_kinds(tx)
        # The list of the deposit step has nothing to do with them; any other would hide orders to be shipped.
        at_the_door = await count_paid_at_the_door(tx, search) if tab != "unpaid" else 0
        missed = await processed_but_unpaid(tx) if tab in ("unpaid", "processed") else []
    fixed = TABS[tab][1]
    return pages.render(
        request,
        "desk_orders.html",
        status=422 if form.errors else 200,
        tab=tab,
        tabs=[
            {
                "label": label,
                "href": f"/desk/orders?tab={key}",
                "count": counts.get(key, 0),
                "current": key == tab,
            }
            for key, (label, _) in TABS.items()
        ],
        rows=[_line(row, tab) for row in rows],
        page=asked.of(min(total, FOUND_MAX) if search.text else total),
        too_many=FOUND_MAX if search.text and total > FOUND_MAX else None,
        export=f"/desk/orders/export.csv?{request.url.query}",
        sort=sort,
        form=form,
        # The default search is shown as it stands, so that it can be widened; a tab's own stays fixed.
        choices={
            name: [("", "すべて"), *labels.items()]
            for name, labels in CHOICES.items()
            if tab == "new" or getattr(fixed, name) is None
        },
        kinds=kinds,
        preset=asdict(fixed) if tab == "new" else {},
        narrowed=search != fixed,
        filtered=replace(search, text="") != fixed,
        missed=missed,
        at_the_door=at_the_door,
        any_deposit=with_any_deposit(search),
    )


@router.get("/desk/orders/export.csv")
async def send_orders(request: Request, staff: Owner, tab: str = "new", sort: str = "-placed_at") -> Response:
    """Send what the list shows, all pages of it, as CSV; only to owners, and it is written down who has it."""
    db: Database = request.app.state.db
    search = asked_search(parse_form(SearchForm, request.query_params), tab if tab in TABS else "all")
    found = await export_orders(
        db, search, sort=sort, by=done_by(request, staff), subject=partial(rows_taken, request)
    )
    return csv_response("orders", COLUMNS, _cells(found))


async def _cells(rows: AsyncIterator[Row]) -> AsyncIterator[tuple[str | int, ...]]:
    async for row in rows:
        states = badges(row)
        yield (
            row.number or "",
            row.code,
            jst(row.placed_at),
            row.orderer_name,
            row.payment_name,
            *(states[name][0] for name in ("status", "deposit", "shipping")),
            row.total,
            "・".join(called_for(row)),
        )


def _line(row: Any, tab: str) -> dict[str, Any]:
    states = badges(row)
    said = {word for word, _ in states.values()}
    return {
        "number": row.number,
        "code": row.code,
        "placed_at": row.placed_at,
        "name": row.orderer_name,
        "payment_name": row.payment_name,
        "total": row.total,
        # What a state says already is not said again.
        "calls": [word for word in called_for(row) if word not in said],
        "held": PAYMENT_LABEL["authorized"] if is_held(row) else "",
        "selectable": selectable(row, tab),
        **{name: {"word": word, "kind": kind} for name, (word, kind) in states.items()},
    }
