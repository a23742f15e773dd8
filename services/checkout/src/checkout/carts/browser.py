"""The cart of a browser, and of the member who uses it."""

from datetime import timedelta
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from checkout.carts.join_carts import join_carts
from checkout.carts.new_carts import CartPace, count_new_cart
from checkout.carts.rows import StoredCart, open_cart, read_cart
from shared.clock import now
from shared.database.transactions import Tx
from shared.web.client_address import counted_as
from shared.web.cookies import CART_COOKIE, CART_COUNT_COOKIE
from shared.web.parts import parts_of
from shared.web.session import viewer_of

KEPT_FOR = timedelta(days=60)


def cart_id_of(request: Request) -> UUID | None:
    """Return the id of the browser's cart, or None."""
    try:
        return UUID(parts_of(request).cookies.read(request, CART_COOKIE) or "")
    except ValueError:
        return None


async def cart_of(request: Request, tx: Tx) -> StoredCart | None:
    """Return the browser's cart, ordered or not. Return None if it has none.

    After a logout the browser shows nobody the member's cart, nor an address that was typed into it.
    """
    cart_id = cart_id_of(request)
    stored = await read_cart(tx, cart_id) if cart_id else None
    if stored is None or stored.member_id is None:
        return stored
    return stored if stored.member_id == await _member(request) else None


async def joined_cart_of(request: Request, tx: Tx) -> StoredCart | None:
    """Return the browser's cart after joining it with the member's cart from other devices."""
    stored, member_id = await cart_of(request, tx), await _member(request)
    return stored if member_id is None else await join_carts(tx, stored, member_id, at=now())


async def open_cart_of(request: Request, tx: Tx) -> UUID:
    """Return the cart that takes new products: the browser's cart, or a new one if that was ordered.

    Raises Refused(too_many_carts) if guests of one client address open too many.
    """
    stored = await joined_cart_of(request, tx)
    if stored is not None and stored.ordered_as is None:
        return stored.cart_id
    member_id = await _member(request)
    if member_id is None:
        pace = parts_of(request)[CartPace]
        await count_new_cart(tx, pace, client_address=counted_as(request), at=now())
    return await open_cart(tx, at=now(), member_id=member_id)


async def _member(request: Request) -> UUID | None:
    viewer = await viewer_of(request)
    return UUID(viewer.member_id) if viewer.member_id else None


def keep_cart(request: Request, response: Response, cart_id: UUID | None, count: int) -> None:
    """Store in the browser the id of its open cart, if it has one, and the count for the header."""
    cookies, seconds = parts_of(request).cookies, int(KEPT_FOR.total_seconds())
    if cart_id is not None:
        cookies.write(response, CART_COOKIE, str(cart_id), max_age_seconds=seconds)
    cookies.write(response, CART_COUNT_COOKIE, str(count), max_age_seconds=seconds)
