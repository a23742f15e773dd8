"""The orders that a browser may see."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from checkout.orders.rules.code import ORDER_CODE
from shared.shop.statements import COOKIE, Issuer
from shared.web.cookies import CART_COUNT_COOKIE
from shared.web.parts import Parts, parts_of

KEPT_FOR = timedelta(days=180)
KEPT_MAX = 12


def orders_of(parts: Parts, request: Request) -> list[str]:
    """Return the codes of the orders placed with this browser, newest first."""
    claims = parts.claims(request, "order") or {}
    codes = claims.get("codes")
    return [code for code in codes if ORDER_CODE.fullmatch(str(code))] if isinstance(codes, list) else []


def keep_order(
    parts: Parts, request: Request, response: Response, order_code: str, *, member_id: UUID | None
) -> None:
    """Let the browser see this order from now on; what was set aside for it is spent.

    An order of a member is shown to the member, not to the browser: with the session it is out of sight.
    """
    if member_id is None:
        show_from_now_on(parts, request, response, order_code)
    cookies = parts_of(request).cookies
    # Whoever keeps neither, such as a program, is sent neither.
    if cookies.name(CART_COUNT_COOKIE) in request.cookies:
        cookies.write(response, CART_COUNT_COOKIE, "0")
    if cookies.name(COOKIE["benefit"]) in request.cookies:
        cookies.clear(response, COOKIE["benefit"], request=request)


def show_from_now_on(parts: Parts, request: Request, response: Response, order_code: str) -> None:
    """Let the browser see this order from now on, and nothing else."""
    known: Sequence[str] = [code for code in orders_of(parts, request) if code != order_code]
    statement = parts[Issuer].issue("order", {"codes": [order_code, *known][:KEPT_MAX]}, valid_for=KEPT_FOR)
    cookies = parts_of(request).cookies
    cookies.write(response, COOKIE["order"], statement, max_age_seconds=int(KEPT_FOR.total_seconds()))
