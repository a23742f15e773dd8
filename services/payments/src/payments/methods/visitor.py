"""Which browsers may see or pay an order: one that placed or opened it, or one in which its member is logged in."""

from fastapi import Request

from payments.payment.rules.payment import Payment
from shared.shop.orders_in_browser import OrdersInBrowser
from shared.web.parts import parts_of
from shared.web.session import viewer_of


async def may_see(request: Request, order: str, payment: Payment | None) -> bool:
    """Return whether this browser may see the result of the order: it is the buyer's browser, or it opened the order.

    An order of a member leaves no statement in the browser. So nobody sees it after the logout.
    """
    key = payment.page_key if payment is not None else None
    return _in_browser(request).shows(order, key) or await _is_members(request, payment)


async def is_buyers(request: Request, order: str, payment: Payment | None) -> bool:
    """Return whether this is the buyer's browser: it placed the order, or the order's member is logged in here.

    A browser that opened the order by a link may be anybody's. Its wallet pays nothing.
    """
    return order in _in_browser(request).placed or await _is_members(request, payment)


def _in_browser(request: Request) -> OrdersInBrowser:
    return OrdersInBrowser.of_claims(parts_of(request).claims(request, "order"))


async def _is_members(request: Request, payment: Payment | None) -> bool:
    if payment is None or payment.member_id is None:
        return False
    return (await viewer_of(request)).member_id == str(payment.member_id)
