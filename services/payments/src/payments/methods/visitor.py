"""Whose browser this is: the one that placed an order, or one in which the member who did is logged in."""

from fastapi import Request

from payments.payment.rules.payment import Payment
from shared.web.parts import parts_of
from shared.web.session import viewer_of


async def may_see(request: Request, order: str, payment: Payment | None) -> bool:
    """Whether this is the buyer's browser: it placed the order, or the member who did is logged in here.

    An order of a member leaves no statement in the browser, so that it is out of sight after the logout.
    """
    if _placed(request, order):
        return True
    if payment is None or payment.member_id is None:
        return False
    return (await viewer_of(request)).member_id == str(payment.member_id)


def _placed(request: Request, order: str) -> bool:
    """Whether this browser placed the order: checkout's statement says so."""
    codes = (parts_of(request).claims(request, "order") or {}).get("codes")
    return isinstance(codes, list) and order in codes
