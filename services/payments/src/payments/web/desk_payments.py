"""The list of payments at the desk."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from payments.labels import ATTENTION, STATES
from payments.methods import Methods
from payments.storage.desk import VIEWS, count_calls, count_views, list_payments
from payments.storage.payments import payment_of
from payments.storage.shop_settings import read_shop_settings
from shared.database import Database
from shared.web.pages import Pages
from shared.web.paging import Paging
from shared.web.session import require_staff


def router(pages: Pages, db: Database, methods: Methods) -> APIRouter:
    """Return the routes of the list."""
    routes = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

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
        """Payments, newest first, by saved view, method, state, order code or provider's id."""
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
        names = {kind: settings.name_of(kind, one.menu().name) for kind, one in methods.items()}
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
                    "captured": one.captured_amount,
                    "attention": [ATTENTION.get(word, (word, ""))[0] for word in one.calls],
                }
                for one in found
            ],
            page=asked.of(total),
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
