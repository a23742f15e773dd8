"""Finds orders for the desk: the work lists and the search."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select

from checkout.orders.stored_order import StoredOrder, stored_order
from checkout.orders.tables import (
    WITH_CALLS,
    order_words,
    orders,
)
from shared.clock import JAPAN
from shared.database.planning import LONG, SEARCH
from shared.database.search_words import found_by
from shared.database.transactions import Database, Tx

FOUND_MAX = 1_000
_COLUMNS = [orders.c[name] for name in StoredOrder.columns()]
SORTABLE = {
    "number": orders.c.number,
    "placed_at": orders.c.placed_at,
    "code": orders.c.code,
    "total": orders.c.total,
}


@dataclass(frozen=True, slots=True)
class Search:
    """The search conditions (ORD-05). None means すべて.

    ``called`` finds only orders with a call for staff. An order matches if it has any of the payment kinds (PAY-28).
    Dates are Japanese calendar days and totals are yen; both limits are included. 未入金 applies only to orders whose
    deposit is managed here, so it leaves out orders that are paid at the door (ORD-07, PAY-13).
    """

    text: str = ""
    status: str | None = None
    order_kind: str | None = None
    payment_kind: tuple[str, ...] | None = None
    deposit: str | None = None
    shipping: str | None = None
    placed_from: date | None = None
    placed_to: date | None = None
    total_from: int | None = None
    total_to: int | None = None
    called: bool | None = None


# The tabs of the list of orders (ORD-09). The first is the default for new work (ORD-05).
TABS: dict[str, tuple[str, Search]] = {
    "new": (
        "新規受注",
        Search(status="in_progress", order_kind="normal", deposit="unpaid", shipping="unshipped"),
    ),
    "all": ("全件", Search()),
    "unshipped": ("通常処理中/未発送", Search(status="in_progress", shipping="unshipped")),
    "unpaid": ("通常処理中/未入金", Search(status="in_progress", deposit="unpaid")),
    "processed": ("受注一覧(処理済み)", Search(status="processed")),
    "attention": ("要確認", Search(called=True)),
}


def _conditions(search: Search) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        orders.c[name] == value
        for name in ("status", "order_kind", "deposit", "shipping")
        if (value := getattr(search, name)) is not None
    ]
    if search.called:
        found.append(WITH_CALLS)
    if search.deposit == "unpaid":
        found.append(orders.c.payment_deposit != "never")
    if search.payment_kind:
        found.append(orders.c.payment_kind.in_(search.payment_kind))
    if search.text:
        found.append(found_by(orders.c.code, order_words, search.text))
    if search.placed_from:
        found.append(orders.c.placed_at >= _midnight(search.placed_from))
    if search.placed_to:
        found.append(orders.c.placed_at < _midnight(search.placed_to) + timedelta(days=1))
    if search.total_from:
        found.append(orders.c.total >= search.total_from)
    if search.total_to:
        found.append(orders.c.total <= search.total_to)
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), JAPAN)


async def find_orders(
    tx: Tx, search: Search, *, sort: str, limit: int, offset: int
) -> tuple[list[StoredOrder], int]:
    """Return a page of orders and the count of all. ``sort`` is a SORTABLE name, with "-" for descending.

    A text search counts at most FOUND_MAX + 1 orders. Counting a common word in full would be slow.
    """
    conditions = _conditions(search)
    await tx.plan(SEARCH if search.text else LONG)
    if search.text:
        some = select(orders.c.code).where(*conditions).limit(FOUND_MAX + 1)
        total = await tx.value(select(func.count()).select_from(some.subquery()))
    else:
        total = await tx.value(select(func.count()).select_from(orders).where(*conditions))
    found = await tx.read(
        stored_order, select(*_COLUMNS).where(*conditions).order_by(*_order(sort)).limit(limit).offset(offset)
    )
    return found, int(total or 0)


_GOODS: ColumnElement[str | None] = literal_column(
    "(SELECT string_agg(name || '×' || quantity, '、' ORDER BY line_number) FROM order_lines"
    " WHERE order_code = orders.code)"
).label("goods")


@dataclass(frozen=True, slots=True)
class ExportedOrder(StoredOrder):
    """An order in a file. ``goods`` are its lines as text, with the values of their variants."""

    goods: str


def _exported_order(*, goods: str | None, **columns: Any) -> ExportedOrder:
    order = stored_order(**columns)
    return ExportedOrder(**{one.name: getattr(order, one.name) for one in fields(order)}, goods=goods or "")


def every_order(db: Database, search: Search, *, sort: str) -> AsyncIterator[StoredOrder]:
    """Stream all found orders with their goods, in bounded memory."""
    found = select(*_COLUMNS, _GOODS).where(*_conditions(search)).order_by(*_order(sort))
    return db.read_all(_exported_order, found)


def _order(sort: str) -> tuple[ColumnElement[Any], ...]:
    column = SORTABLE.get(sort.lstrip("-"), orders.c.placed_at)
    return (column.desc() if sort.startswith("-") else column.asc()), orders.c.code.desc()


async def count_paid_at_the_door(tx: Tx, search: Search) -> int:
    """Return how many orders ``search`` for 未入金 leaves out. Only 入金状況 「すべて」 finds them (ORD-07)."""
    if search.deposit != "unpaid":
        return 0
    await tx.plan(LONG)
    conditions = [
        *_conditions(replace(search, deposit=None)),
        # True for all of these orders, and needed to use the index of the work list.
        orders.c.deposit == "unpaid",
        orders.c.payment_deposit == "never",
    ]
    return int(await tx.value(select(func.count()).select_from(orders).where(*conditions)) or 0)


async def count_tabs(tx: Tx) -> Mapping[str, int]:
    """Return how many orders each tab finds."""
    await tx.plan(LONG)
    counts = {key: func.count().filter(*_conditions(search)) for key, (_, search) in TABS.items()}
    row = await tx.row(select(*(count.label(key) for key, count in counts.items())).select_from(orders))
    return dict(row) if row is not None else {}


@dataclass(frozen=True, slots=True)
class PaymentKind:
    """A method with which orders were placed."""

    payment_kind: str
    name: str


async def payment_kinds(tx: Tx) -> list[PaymentKind]:
    """Return the methods with which orders were placed, for the search form (AP-32)."""
    await tx.plan(LONG)
    return await tx.read(
        PaymentKind,
        select(orders.c.payment_kind, func.max(orders.c.payment_name).label("name"))
        .group_by(orders.c.payment_kind)
        .order_by(orders.c.payment_kind),
    )


@dataclass(frozen=True, slots=True)
class UnpaidOrder:
    """An order whose ``total``, in yen, was never captured."""

    code: str
    total: int


async def processed_but_unpaid(tx: Tx) -> list[UnpaidOrder]:
    """Return the oldest closed orders whose money was never captured (PAY-11)."""
    await tx.plan(LONG)
    return await tx.read(
        UnpaidOrder,
        select(orders.c.code, orders.c.total)
        .where(
            orders.c.status == "processed",
            orders.c.deposit == "unpaid",
            orders.c.payment_deposit == "capture",
        )
        .order_by(orders.c.placed_at)
        .limit(100),
    )
