"""The list of payments at the desk, and the same list as a file."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from payments.desk.call_labels import ATTENTION
from payments.desk.export_payments import export_payments
from payments.desk.rows import TABS, PaymentSearch, count_calls, count_tabs, list_payments
from payments.methods.registry import Methods
from payments.payment.labels import STATES
from payments.payment.rules.moves import State
from payments.payment.rules.payment import Payment
from payments.shop.rows import PaymentSettings, read_payment_settings
from shared.events import PaymentSettingsChanged
from shared.web.cells import Cell, at, badge, link, text, yen
from shared.web.deeds import done_by, rows_taken
from shared.web.fields import Line
from shared.web.lists import Asked, Column, DeskList, SearchBox, Tabs
from shared.web.paging import Paging
from shared.web.parts import CurrentParts
from shared.web.saved_searches import SavedSearches
from shared.web.session import MayExport, Staff, needs
from shared.web.settings_forms import AtDesk

ChoiceFilter = Annotated[str, Field(max_length=40)]


class PaymentFilters(BaseModel):
    """The filters of the list. ``call`` is one kind of call."""

    q: Line = Field("", title="検索する言葉", max_length=100)
    method: ChoiceFilter = Field("", title="お支払い方法")
    state: State | Literal[""] = Field("", title="状態")
    call: ChoiceFilter = Field("", title="要確認の種類")


@dataclass(frozen=True)
class PaymentLine:
    """A payment, and the shop's name of its method."""

    payment: Payment
    method: str
    shows_status: bool

    @property
    def path(self) -> str:
        """Return the path of its page."""
        return f"{PAYMENTS.path}/{self.payment.order_code}"


def _state(line: PaymentLine) -> Cell:
    state = STATES.of(line.payment.state)
    # What the label of the state contains is not repeated.
    words = (ATTENTION.of(word)[0] for word in line.payment.calls)
    return (badge(state), *(badge((word, "stop")) for word in words if word != state[0]))


def _amount(label: str, amount: Callable[[Payment], int]) -> Column[PaymentLine]:
    return Column(
        label,
        lambda one: yen(amount(one.payment) or None),
        css="card-foot",
        numeric=True,
        named=True,
        csv=lambda one: amount(one.payment),
    )


PAYMENTS = DeskList[PaymentFilters, PaymentLine](
    path="/desk/payments",
    filters=PaymentFilters,
    columns=[
        Column("注文番号", lambda one: link(one.payment.order_code, one.path, is_code=True)),
        Column("注文日時", lambda one: at(one.payment.placed_at)),
        Column("お支払い方法", lambda one: text(one.method), css="clip card-who"),
        Column("状態", _state, css="card-state"),
        Column(
            "連携ステータス",
            lambda one: text(one.payment.provider_status if one.shows_status else ""),
            css="card-state",
        ),
        Column("金額", lambda one: yen(one.payment.amount), css="card-amount", numeric=True, named=True),
        _amount("入金額", lambda one: one.received_amount),
        _amount("うち仮受金", lambda one: one.suspense_amount),
        _amount("返金額", lambda one: one.refunded_amount),
    ],
    href=lambda one: one.path,
    tabs=Tabs("view", dict(TABS)),
    search=SearchBox("受付番号・注文番号・氏名・お支払い番号など"),
    file="payments",
)
SEARCHES = SavedSearches(PAYMENTS, partial(AtDesk.of, PaymentSettingsChanged))
router = APIRouter(include_in_schema=False)
router.include_router(SEARCHES.router())


@router.get(f"{PAYMENTS.path}/export.csv")
async def send_payments(request: Request, parts: CurrentParts, staff: MayExport, paging: Paging) -> Response:
    """Send all pages of the list as CSV. Only owners may, and an event names the person."""
    search = _search(PAYMENTS.read(request, paging).for_file())
    async with parts.db.transaction() as tx:
        settings = await read_payment_settings(tx)
    found = await export_payments(
        parts.db, search, by=done_by(request, staff), subject=partial(rows_taken, PAYMENTS, request)
    )
    line = _lines(settings, parts[Methods])
    return PAYMENTS.csv(line(one) async for one in found)


@router.get(PAYMENTS.path, dependencies=[needs("read_payments")])
async def show_payments(request: Request, parts: CurrentParts, paging: Paging, staff: Staff) -> Response:
    """Payments, newest first, by tab, method, state, part of code or name, or a provider's number."""
    asked, methods = PAYMENTS.read(request, paging), parts[Methods]
    async with parts.db.transaction() as tx:
        found, total = await list_payments(tx, **_search(asked), limit=paging.size, offset=paging.offset)
        counts = await count_tabs(tx)
        called = await count_calls(tx)
        saved = await SEARCHES.shown(tx, asked, staff)
        settings = await read_payment_settings(tx)
    line = _lines(settings, methods)
    return parts.pages.render(
        request,
        "desk_payments.html",
        status=asked.status,
        list=PAYMENTS.shown(
            asked,
            [line(one) for one in found],
            total,
            counts=counts,
            options={"method": list(_names(settings, methods).items()), "state": list(STATES.labels.items())},
            hidden=["call"],
        ),
        saved=saved,
        calls=[
            {
                "label": ATTENTION.of(word)[0],
                "href": f"?view=attention&call={word}",
                "count": count,
                "current": word == asked.filters.call,
            }
            for word, count in sorted(called.items())
            if word != "notices"
        ],
        notices=called.get("notices", 0),
        tab=asked.tab,
    )


def _search(asked: Asked[PaymentFilters]) -> PaymentSearch:
    wanted = asked.filters
    return {
        "tab": asked.tab,
        "method": wanted.method,
        "state": wanted.state,
        "call": wanted.call,
        "text": wanted.q,
    }


def _names(settings: PaymentSettings, methods: Methods) -> dict[str, str]:
    return {kind: settings.name_of(kind, one.menu().name) for kind, one in methods.items()}


def _lines(settings: PaymentSettings, methods: Methods) -> Callable[[Payment], PaymentLine]:
    """Return the function that makes a line of a payment, with the shop's names of the methods."""
    names = _names(settings, methods)
    shown = {kind: one.menu().provider_status_shown for kind, one in methods.items()}

    def line(one: Payment) -> PaymentLine:
        return PaymentLine(one, names.get(one.method, one.method), shown.get(one.method, False))

    return line
