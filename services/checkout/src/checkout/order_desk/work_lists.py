"""The order desk: work lists, search, and bulk actions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from checkout.order_desk.export_orders import export_orders
from checkout.order_desk.labels import ORDER_KIND_LABEL, badges, called_for, deposit_by_staff, is_held
from checkout.order_desk.search import (
    FOUND_MAX,
    TABS,
    ExportedOrder,
    Search,
    count_paid_at_the_door,
    count_tabs,
    find_orders,
    payment_kinds,
    processed_but_unpaid,
)
from checkout.orders.labels import DEPOSIT_LABEL, PAYMENT_LABEL, SHIPPING_LABEL, STATUS_LABEL
from checkout.orders.stored_order import StoredOrder
from shared.events import ShopSettingsChanged
from shared.shop.labels import Badge, Labels
from shared.web.cells import Cell, at, badge, code, link, text, yen
from shared.web.deeds import done_by, rows_taken
from shared.web.fields import DayOfLists, Line, Yen
from shared.web.lists import Asked, Column, DeskList, SearchBox, Tabs
from shared.web.paging import Paging
from shared.web.parts import CurrentParts
from shared.web.saved_searches import SavedSearches
from shared.web.session import MayExport, Staff, Viewer, needs
from shared.web.settings_forms import AtDesk

router = APIRouter(include_in_schema=False)

KindFilter = Annotated[str, Field(max_length=40)]


class SearchForm(BaseModel):
    """The search form of the desk. Every condition is optional."""

    q: Line = Field("", title="検索する言葉", max_length=100)
    status: Literal["", "in_progress", "processed", "cancelled"] = Field("", title="ステータス")
    order_kind: Literal["", "normal", "preorder", "subscription"] = Field("", title="受注種別")
    payment_kind: list[KindFilter] = Field(default_factory=list, title="決済種別", max_length=50)
    deposit: Literal["", "unpaid", "paid"] = Field("", title="入金状況")
    shipping: Literal["", "unshipped", "shipped"] = Field("", title="発送状況")
    placed_from: DayOfLists | None = Field(None, title="注文日(から)")
    placed_to: DayOfLists | None = Field(None, title="注文日(まで)")
    total_from: Yen | None = Field(None, title="合計(から)")
    total_to: Yen | None = Field(None, title="合計(まで)")


CHOICES: Mapping[str, Labels[Any]] = {
    "status": STATUS_LABEL,
    "order_kind": ORDER_KIND_LABEL,
    "deposit": DEPOSIT_LABEL,
    "shipping": SHIPPING_LABEL,
}


def _path(row: StoredOrder) -> str:
    return f"/desk/orders/{row.code}"


def _state(name: str) -> Callable[[StoredOrder], Cell]:
    return lambda row: badge(badges(row)[name])


def _status(row: StoredOrder) -> Cell:
    states = badges(row)
    # A call that only repeats a state is not shown.
    said = {word for word, _ in states.values()}
    calls: Sequence[Badge] = [(word, "stop") for word in called_for(row) if word not in said]
    return [badge(one) for one in (states["status"], *calls)]


def _goods(row: StoredOrder) -> Cell:
    return text(row.goods if isinstance(row, ExportedOrder) else "")


def _deposit(row: StoredOrder) -> Cell:
    held: Sequence[Badge] = [(PAYMENT_LABEL["authorized"], "note")] if is_held(row) else []
    return [badge(one) for one in (badges(row)["deposit"], *held)]


def _tax(reduced: bool, part: str) -> Callable[[StoredOrder], Cell]:
    """Return a column of the file: a part of the taxes of one kind of rate. Orders without taxes leave it empty."""

    def cell(row: StoredOrder) -> Cell:
        found = [getattr(one, part) for one in row.taxes if one.reduced == reduced]
        return text(str(found[0]) if found else "")

    return cell


ORDERS = DeskList[SearchForm, StoredOrder](
    path="/desk/orders",
    filters=SearchForm,
    columns=[
        Column("受付番号", lambda row: code(row.number), sort="number", csv=lambda row: row.number or ""),
        Column("受注コード", lambda row: link(row.code, _path(row), is_code=True), sort="code"),
        Column("注文日時", lambda row: at(row.placed_at), sort="placed_at"),
        Column("注文者", lambda row: text(row.orderer_name), css="clip card-who"),
        Column("決済種別", lambda row: text(row.payment_name), css="clip card-foot"),
        Column("ステータス", _status, css="card-state calls", csv=lambda row: badges(row)["status"][0]),
        Column("入金状況", _deposit, css="card-state", csv=lambda row: badges(row)["deposit"][0]),
        Column("発送状況", _state("shipping"), css="card-state"),
        Column("合計", lambda row: yen(row.total), sort="total", css="card-amount", numeric=True),
        Column("商品", _goods, on_page=False),
        *(
            Column(f"{label}{what}", _tax(reduced, part), on_page=False)
            for reduced, label in ((False, "標準税率"), (True, "軽減税率"))
            for what, part in (("（％）", "rate"), ("対象額", "amount"), ("消費税", "tax"))
        ),
        Column("要確認", lambda row: text("・".join(called_for(row))), on_page=False),
    ],
    href=_path,
    tabs=Tabs("tab", {key: label for key, (label, _) in TABS.items()}, other="all"),
    sort="-placed_at",
    search=SearchBox(
        "受付番号・氏名・電話番号・商品など",
        label="すべての受注から検索",
        hint="すべての受注から、番号・氏名・連絡先・商品・メモで探せます。",
        tab="all",
    ),
    file="orders",
)
SEARCHES = SavedSearches(ORDERS, partial(AtDesk.of, ShopSettingsChanged))
router.include_router(SEARCHES.router())


def asked_search(asked: Asked[SearchForm]) -> Search:
    """Return the conditions of the tab, narrowed by the filters (PAY-05)."""
    fixed, wanted = TABS[asked.tab][1], asked.filters.model_dump()
    words = wanted.pop("q")
    wanted["payment_kind"] = tuple(kind for kind in wanted["payment_kind"] if kind)
    narrowing = {name: value for name, value in wanted.items() if value and getattr(fixed, name) is None}
    return replace(fixed, text=words, **narrowing)


def with_any_deposit(search: Search) -> str:
    """Return the URL of ``search`` with 入金状況 「すべて」, which includes orders paid at the door (ORD-07)."""
    asked = {**asdict(replace(search, deposit=None)), "q": search.text, "text": ""}
    return f"/desk/orders?tab=all&{urlencode({name: value for name, value in asked.items() if value}, doseq=True)}"


def selectable(row: StoredOrder, tab: str, staff: Viewer) -> bool:
    """Return whether ``staff`` can do the tab's bulk action to the row. Rows without it have no checkbox (PAY-06)."""
    if not staff.may("take_money" if tab == "unpaid" else "ship_orders"):
        return False
    if tab == "unpaid":
        return deposit_by_staff(row)
    if tab in ("new", "all"):
        return bool(row.status == "in_progress")
    return tab == "unshipped"


@router.get("/desk", dependencies=[needs("use_desk")])
async def open_desk(request: Request, parts: CurrentParts) -> Response:
    """Redirect the desk to its list of orders."""
    return parts.pages.redirect(request, "/desk/orders")


@router.get(ORDERS.path, dependencies=[needs("read_orders")])
async def list_orders(request: Request, parts: CurrentParts, paging: Paging, staff: Staff) -> Response:
    """Show 受注一覧: a work list (ORD-09), narrowed by the search form."""
    asked = ORDERS.read(request, paging)
    tab, search, fixed = asked.tab, asked_search(asked), TABS[asked.tab][1]
    async with parts.db.transaction() as tx:
        rows, total = await find_orders(tx, search, sort=asked.sort, limit=paging.size, offset=paging.offset)
        counts = await count_tabs(tx)
        saved = await SEARCHES.shown(tx, asked, staff)
        kinds = await payment_kinds(tx)
        # The list of the deposit step never contains them. Any other list would hide orders that must be shipped.
        at_the_door = await count_paid_at_the_door(tx, search) if tab != "unpaid" else 0
        missed = await processed_but_unpaid(tx) if tab in ("unpaid", "processed") else []
    # The form shows the conditions of the default search, so that staff can widen it. The conditions of a tab are
    # fixed.
    fixed_by_tab = [name for name in CHOICES if getattr(fixed, name) is not None]
    if tab == "new":
        for name in fixed_by_tab:
            asked.form.values[name] = asked.form[name] or getattr(fixed, name)
    return parts.pages.render(
        request,
        "desk_orders.html",
        status=asked.status,
        list=ORDERS.shown(
            asked,
            rows,
            min(total, FOUND_MAX) if search.text else total,
            counts=counts,
            options={
                "payment_kind": [(kind.payment_kind, kind.name) for kind in kinds],
                **{name: list(labels.items()) for name, labels in CHOICES.items()},
            },
            hidden=[] if tab == "new" else fixed_by_tab,
            select=lambda row: row.code if selectable(row, tab, staff) else "",
        ),
        saved=saved,
        tab=tab,
        too_many=FOUND_MAX if search.text and total > FOUND_MAX else None,
        missed=missed,
        at_the_door=at_the_door,
        any_deposit=with_any_deposit(search),
    )


@router.get(f"{ORDERS.path}/export.csv")
async def send_orders(request: Request, parts: CurrentParts, staff: MayExport, paging: Paging) -> Response:
    """Return all pages of the shown list as CSV. Only owners may export, and the export is recorded with their name."""
    asked = ORDERS.read(request, paging).for_file()
    found = await export_orders(
        parts.db,
        asked_search(asked),
        sort=asked.sort,
        by=done_by(request, staff),
        subject=partial(rows_taken, ORDERS, request),
    )
    return ORDERS.csv(found)
