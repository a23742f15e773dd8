"""Whose browser this is: the one that placed an order, or one in which the member who did is logged in."""

from fastapi import Request

from payments.payment.rules.payment import Payment
from shared.statements import COOKIE, StatementInvalid
from shared.web.cookies import Cookies
from shared.web.session import Sessions, viewer_of


def cookies_of(request: Request) -> Cookies:
    """The reader and writer of this origin's cookies."""
    cookies: Cookies = request.app.state.cookies
    return cookies


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
    sessions: Sessions = request.app.state.sessions
    try:
        statement = cookies_of(request).read(request, COOKIE["order"]) or ""
        codes = sessions.verifier.verify("order", statement).get("codes")
    except StatementInvalid:
        return False
    return isinstance(codes, list) and order in codes
