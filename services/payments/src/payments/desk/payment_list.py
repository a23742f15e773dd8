"""The list of payments at the desk, and the same as a file."""

from collections.abc import AsyncIterator, Mapping

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from payments.desk.export_payments import export_payments
from payments.desk.rows import VIEWS, Asked, count_calls, count_views, every_payment, list_payments
from payments.methods.registry import Methods
from payments.payment.rows import payment_of
from payments.payment.rules.payment import Payment
from payments.payment.words import ATTENTION, STATES
from payments.shop.rows import ShopSettings, read_shop_settings
from shared.database import Database
from shared.sql import Row
from shared.web.csv_file import csv_response
from shared.web.deeds import done_by, rows_taken
from shared.web.filters import jst
from shared.web.pages import Pages
from shared.web.paging import Paging
from shared.web.session import Owner, require_staff

COLUMNS = (
    "注文番号",
    "注文日時",
    "お支払い方法",
    "状態",
    "連携ステータス",
    "金額",
    "入金額",
    "うち仮受金",
    "返金額",
)


def router(pages: Pages, db: Database, methods: Methods) -> APIRouter:
    """Return the routes of the list."""
    routes = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

    @routes.get("/desk/payments/export.csv")
    async def send_payments(
        request: Request,
        staff: Owner,
        view: str = "all",
        method: str = "",
        state: str = "",
        call: str = "",
        q: str = "",
    ) -> Response:
        """Send what the list shows, all pages of it, as CSV; only to owners, and it is written down who has it."""
        asked: Asked = {"view": view, "method": method, "state": state, "call": call, "text": q.strip()}
        async with db.transaction() as tx:
            names = _names(await read_shop_settings(tx), methods)
            await export_payments(
                tx, asked, done_by(request, staff), lambda count: rows_taken(request, count)
            )
        found = every_payment(db, **asked)
        return csv_response("payments", COLUMNS, _cells(found, names, methods))

    @routes.get("/desk/payments")
    async def show_payments(
        request: Request,
        asked: Paging,
        view: str = "all",
        method: str = "",
        state: str = "",
        call: str = "",
        q: str = "",
    ) -> Response:
        """Payments, newest first, by saved view, method, state, part of code or name, or a provider's number."""
        text = q.strip()
        async with db.transaction() as tx:
            rows, total = await list_payments(
                tx,
                view=view,
                method=method,
                state=state,
                call=call,
                text=text,
                limit=asked.size,
                offset=asked.offset,
            )
            counts = await count_views(tx)
            called = await count_calls(tx)
            settings = await read_shop_settings(tx)
        names = _names(settings, methods)
        found = [payment_of(row) for row in rows]
        shown = {kind: one.menu().provider_status_shown for kind, one in methods.items()}
        return pages.render(
            request,
            "desk_payments.html",
            payments=[
                {
                    "order_code": one.order_code,
                    "placed_at": one.placed_at,
                    "method": names.get(one.method, one.method),
                    "state": STATES[one.state],
                    "status": one.provider_status if shown.get(one.method) else "",
                    "amount": one.amount,
                    "money": (one.received_amount, one.suspense_amount, one.refunded_amount),
                    "attention": _calls(one),
                }
                for one in found
            ],
            page=asked.of(total),
            export=f"/desk/payments/export.csv?{request.url.query}",
            tabs=[
                {"label": label, "href": f"?view={name}", "count": counts[name], "current": name == view}
                for name, label in VIEWS
            ],
            calls=[
                {
                    "label": ATTENTION.get(word, (word, ""))[0],
                    "href": f"?view=attention&call={word}",
                    "count": count,
                    "current": word == call,
                }
                for word, count in sorted(called.items())
                if word != "notices"
            ],
            notices=called.get("notices", 0),
            call=call,
            view=view,
            method=method,
            state=state,
            q=q,
            method_names=names,
            states={name: word for name, (word, _) in STATES.items()},
        )

    return routes


def _names(settings: ShopSettings, methods: Methods) -> dict[str, str]:
    return {kind: settings.name_of(kind, one.menu().name) for kind, one in methods.items()}


def _calls(payment: Payment) -> list[str]:
    """Return why a person is called, but for what the state says already."""
    words = (ATTENTION.get(word, (word, ""))[0] for word in payment.calls)
    return [word for word in words if word != STATES[payment.state][0]]


async def _cells(
    rows: AsyncIterator[Row], names: Mapping[str, str], methods: Methods
) -> AsyncIterator[tuple[str | int, ...]]:
    shown = {kind: one.menu().provider_status_shown for kind, one in methods.items()}
    async for row in rows:
        one = payment_of(row)
        yield (
            one.order_code,
            jst(one.placed_at),
            names.get(one.method, one.method),
            STATES[one.state][0] + "".join(f"（{word}）" for word in _calls(one)),
            one.provider_status if shown.get(one.method) else "",
            one.amount,
            one.received_amount,
            one.suspense_amount,
            one.refunded_amount,
        )
