"""Whose browser this is: one that placed or opened an order, or one in which the member who did is logged in."""

from fastapi import Request

from payments.payment.rules.payment import Payment
from shared.shop.orders_in_browser import OrdersInBrowser
from shared.web.parts import parts_of
from shared.web.session import viewer_of


async def may_see(request: Request, order: str, payment: Payment | None) -> bool:
    """Whether what became of the order may be shown here: it is the buyer's browser, or one that opened the order.

    An order of a member leaves no statement in the browser, so that it is out of sight after the logout.
    """
    return _in_browser(request).shows(order) or await _is_members(request, payment)


async def is_buyers(request: Request, order: str, payment: Payment | None) -> bool:
    """Whether this is the buyer's browser: it placed the order, or the member who did is logged in here.

    One that opened the order by a link may be anybody's: its wallet pays for nothing.
    """
    return order in _in_browser(request).placed or await _is_members(request, payment)


def _in_browser(request: Request) -> OrdersInBrowser:
    return OrdersInBrowser.of_claims(parts_of(request).claims(request, "order"))


async def _is_members(request: Request, payment: Payment | None) -> bool:
    if payment is None or payment.member_id is None:
        return False
    return (await viewer_of(request)).member_id == str(payment.member_id)
