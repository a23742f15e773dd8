"""The buyer's way to the provider and back, common to all methods with visits.

``/payments/<path>/go?order=`` waits until the provider is ready, and leaves for it. The provider sends the buyer back
to ``/payments/<path>/back?order=``. Pages read and trigger look-ups; they never settle. The return and its outcome
prove nothing.
"""

from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from payments.methods.labels import NOT_PAID
from payments.methods.method import Counter, Method, Visit, VisitOutcome
from payments.methods.visitor import may_see
from payments.payment.rules.payment import NOT_YET
from shared.web.edge import ContentSecurity
from shared.web.pages import Pages
from shared.web.session import viewer

TURNS_MAX = 40
"""After so many turns of a waiting page, the order's page is shown instead."""
UNDER_WAY = frozenset({"requested", "waiting_for_buyer", "unknown"})
"""States in which the result of a visit is not known yet."""
ARRIVED = frozenset({"authorized", "capturing", "captured"})
Code = Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9-]+$")]


def router(method: Method, counter: Counter) -> APIRouter:
    """Return the pages of a method whose terms have a time limit for the visit."""
    routes = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)
    pages, go_path, back_path = counter.pages, method.go_path, method.back_path

    @routes.get(go_path)
    async def go(request: Request, order: Code, turn: int = 0) -> Response:
        """Send the buyer to the provider.

        A page of Noren comes first, because a form may not lead to another origin directly.
        """
        payment = await counter.find(order)
        if payment is not None:
            theirs = payment.method == method.kind and await may_see(request, order, payment)
            if not theirs or payment.state not in NOT_YET:
                return _go(f"/orders/{order}")
            if payment.state == "waiting_for_buyer" and turn > 0:
                return _leave(pages, request, method.visit(payment))
        return wait(pages, request, go_path, order, turn)

    @routes.get(back_path)
    async def back(
        request: Request, order: Code, outcome: VisitOutcome = "success", turn: int = 0
    ) -> Response:
        """Trigger a look-up, wait for its result, and show the order."""
        payment = await counter.find(order)
        if payment is None or payment.method != method.kind:
            return _go(f"/orders/{order}")
        if turn == 0 and payment.state in NOT_YET:
            await counter.hasten(order)
        if outcome == "success" and payment.state in UNDER_WAY and turn < TURNS_MAX:
            return wait(pages, request, back_path, order, turn, outcome=outcome)
        if not await may_see(request, order, payment):
            return show_other_browser(pages, request, order if payment.state in ARRIVED else "")
        text = NOT_PAID[outcome] if payment.state in NOT_YET else ""
        return pages.redirect(request, f"/orders/{order}", toast=text, kind="wait")

    @routes.post(back_path)
    async def posted_back(order: Code, outcome: VisitOutcome = "success") -> Response:
        """Accept a buyer whom the provider sends back by a form. Its fields are not read; the cookies come with a GET."""
        return _go(f"{back_path}?{urlencode({'order': order, 'outcome': outcome})}")

    return routes


def wait(pages: Pages, request: Request, path: str, order: str, turn: int, **more: str) -> Response:
    """「お支払いを確認しています」, which goes on to ``path`` by itself, and after many turns to the order's page."""
    if turn >= TURNS_MAX:
        return _go(f"/orders/{order}")
    query = urlencode({"order": order, "turn": turn + 1, **more})
    return pages.render(
        request,
        "visit_wait.html",
        title="お支払いを確認しています",
        text="決済サービスに確認しています。このままお待ちください。",
        refresh_seconds=1 if turn < 10 else 3,
        onward=f"{path}?{query}",
    )


def show_other_browser(pages: Pages, request: Request, paid_order: str = "") -> Response:
    """Show the result and the next step in a browser that may not see the order: the buyer returned in another
    one."""
    return pages.render(request, "visit_elsewhere.html", paid_order=paid_order)


def _leave(pages: Pages, request: Request, visit: Visit) -> Response:
    """Leave by a redirect, or by a form that sends itself. The form has a button for browsers without JavaScript."""
    if not visit.fields:
        return _go(visit.url)
    there = urlsplit(visit.url)
    origins = (f"{there.scheme}://{there.netloc}", *visit.form_origins)
    return pages.render(
        request,
        "visit_form.html",
        visit=visit,
        headers={"Content-Security-Policy": ContentSecurity(form_action=origins).header()},
    )


def _go(url: str) -> Response:
    return RedirectResponse(url, status_code=303)
