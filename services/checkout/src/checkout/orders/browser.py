"""The orders that a browser may show."""

from datetime import timedelta
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from shared.shop.orders_in_browser import OrdersInBrowser
from shared.shop.statements import COOKIE, Issuer
from shared.web.cookies import CART_COUNT_COOKIE
from shared.web.parts import Parts, parts_of

KEPT_FOR = timedelta(days=180)


def orders_in_browser(parts: Parts, request: Request) -> OrdersInBrowser:
    """Return the orders that were placed with this browser, and those opened in it."""
    return OrdersInBrowser.of_claims(parts.claims(request, "order"))


def keep_order(
    parts: Parts, request: Request, response: Response, order_code: str, *, member_id: UUID | None
) -> None:
    """Let the browser show the order that it placed, and drop the benefit that the order used.

    An order of a member is shown to the member, not to the browser. Without the session it is hidden.
    """
    if member_id is None:
        _write(parts, request, response, orders_in_browser(parts, request).with_placed(order_code))
    cookies = parts_of(request).cookies
    # A client that sent neither cookie, such as a program, gets neither.
    if cookies.name(CART_COUNT_COOKIE) in request.cookies:
        cookies.write(response, CART_COUNT_COOKIE, "0")
    if cookies.name(COOKIE["benefit"]) in request.cookies:
        cookies.clear(response, COOKIE["benefit"], request=request)


def keep_opened(parts: Parts, request: Request, response: Response, order_code: str, *, key: str) -> None:
    """Let the browser show the page of an order that a link or a look-up opened.

    Such an order may belong to anybody. It is not listed, counts for no limit and replaces no order placed here.
    It is shown while its page has this ``key``.
    """
    seen = orders_in_browser(parts, request)
    if not seen.shows(order_code, key):
        _write(parts, request, response, seen.with_opened(order_code, key))


def _write(parts: Parts, request: Request, response: Response, seen: OrdersInBrowser) -> None:
    statement = parts[Issuer].issue("order", seen.claims(), valid_for=KEPT_FOR)
    cookies = parts_of(request).cookies
    cookies.write(response, COOKIE["order"], statement, max_age_seconds=int(KEPT_FOR.total_seconds()))
