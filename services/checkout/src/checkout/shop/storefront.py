"""What the shopper's pages stand on, and what a browser brings with it: cart, wallet, points, its orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from pydantic import ValidationError
from starlette.responses import Response

from checkout.carts.rows import (
    StoredCart,
    give_to_member,
    keep_typed,
    move_lines,
    open_cart,
    open_cart_of_member,
    read_cart,
)
from checkout.orders.code import ORDER_CODE
from checkout.placing.members import Members
from checkout.placing.till import Till
from checkout.placing.vouchers import Benefit, Wallet
from shared.clock import now
from shared.database import Database, Tx
from shared.statements import COOKIE, Issuer, Purpose, StatementInvalid, Verifier
from shared.web.cookies import CART_COOKIE, CART_COUNT_COOKIE, Cookies
from shared.web.pages import Pages
from shared.web.session import viewer_of

DISPATCH = "通常2〜3日で発送します"
"""When goods leave, in the same words on every page."""
CART_KEPT_FOR = timedelta(days=60)
ORDERS_KEPT_FOR = timedelta(days=180)
ORDERS_KEPT_MAX = 12


@dataclass(frozen=True)
class Storefront:
    """Everything that a page of the shop may need."""

    db: Database
    till: Till
    pages: Pages
    issuer: Issuer
    verifier: Verifier
    members: Members
    origin_url: str


async def _storefront(request: Request) -> Storefront:
    # Not a plain function: FastAPI would run that in a thread.
    storefront: Storefront = request.app.state.storefront
    return storefront


Shop = Annotated[Storefront, Depends(_storefront)]


def _cookies(request: Request) -> Cookies:
    cookies: Cookies = request.app.state.cookies
    return cookies


# ---------- the cart ----------


def cart_id_of(request: Request) -> UUID | None:
    """Return the id of the browser's cart, or None."""
    try:
        return UUID(_cookies(request).read(request, CART_COOKIE) or "")
    except ValueError:
        return None


async def cart_of(request: Request, tx: Tx) -> StoredCart | None:
    """Return the browser's cart, ordered or not; None if it has none.

    A member's cart, with the address typed into it, is shown to nobody who uses the browser after the logout.
    """
    cart_id = cart_id_of(request)
    stored = await read_cart(tx, cart_id) if cart_id else None
    if stored is None or stored.member_id is None:
        return stored
    return stored if stored.member_id == await _member(request) else None


async def joined_cart_of(request: Request, tx: Tx) -> StoredCart | None:
    """Return the browser's cart after joining it with the one that the member filled elsewhere."""
    stored, member_id = await cart_of(request, tx), await _member(request)
    mine = stored if stored is not None and stored.ordered_as is None else None
    if member_id is None or (mine is not None and mine.member_id == member_id):
        return stored
    theirs = await open_cart_of_member(tx, member_id)
    if theirs is None:
        if mine is not None:
            await give_to_member(tx, mine.cart_id, member_id)
        return stored
    if mine is not None and mine.cart.lines:
        await move_lines(tx, mine.cart_id, theirs, at=now())
        await keep_typed(tx, theirs, mine.draft, at=now())
    return await read_cart(tx, theirs)


async def open_cart_of(request: Request, tx: Tx) -> UUID:
    """Return the cart to put things into: the browser's own, or a new one once that was ordered."""
    stored = await joined_cart_of(request, tx)
    if stored is not None and stored.ordered_as is None:
        return stored.cart_id
    return await open_cart(tx, at=now(), member_id=await _member(request))


async def _member(request: Request) -> UUID | None:
    seen = await viewer_of(request)
    return UUID(seen.member_id) if seen.member_id else None


def keep_cart(request: Request, response: Response, cart_id: UUID, count: int) -> None:
    """Let the browser keep its cart, and the number that the header shows."""
    cookies, seconds = _cookies(request), int(CART_KEPT_FOR.total_seconds())
    cookies.write(response, CART_COOKIE, str(cart_id), max_age_seconds=seconds)
    cookies.write(response, CART_COUNT_COOKIE, str(count), max_age_seconds=seconds)


# ---------- statements of others ----------


def _claims(shop: Storefront, request: Request, purpose: Purpose) -> dict[str, object] | None:
    statement = _cookies(request).read(request, COOKIE[purpose])
    if not statement:
        return None
    try:
        return shop.verifier.verify(purpose, statement)
    except StatementInvalid:
        return None


def wallet_of(shop: Storefront, request: Request) -> Wallet | None:
    """Return what the buyer's wallet says; None if it says nothing, or nothing valid any more."""
    claims = _claims(shop, request, "wallet")
    if claims is None:
        return None
    try:
        return Wallet.model_validate(claims)
    except ValidationError:
        return None


def benefit_of(shop: Storefront, request: Request) -> Benefit | None:
    """Return what members set aside for this browser's next order, if it still holds."""
    claims = _claims(shop, request, "benefit")
    if claims is None:
        return None
    try:
        return Benefit.model_validate(claims)
    except ValidationError:
        return None


# ---------- this browser's orders ----------


def orders_of(shop: Storefront, request: Request) -> list[str]:
    """Return the codes of the orders placed with this browser, newest first."""
    claims = _claims(shop, request, "order") or {}
    codes = claims.get("codes")
    return [code for code in codes if ORDER_CODE.fullmatch(str(code))] if isinstance(codes, list) else []


def keep_order(
    shop: Storefront, request: Request, response: Response, order_code: str, *, member_id: UUID | None
) -> None:
    """Let the browser see this order from now on; what was set aside for it is spent.

    An order of a member is shown to the member, not to the browser: with the session it is out of sight.
    """
    if member_id is None:
        show_from_now_on(shop, request, response, order_code)
    cookies = _cookies(request)
    cookies.write(response, CART_COUNT_COOKIE, "0")
    cookies.clear(response, COOKIE["benefit"], request=request)


def show_from_now_on(shop: Storefront, request: Request, response: Response, order_code: str) -> None:
    """Let the browser see this order from now on, and nothing else."""
    known: Sequence[str] = [code for code in orders_of(shop, request) if code != order_code]
    statement = shop.issuer.issue(
        "order", {"codes": [order_code, *known][:ORDERS_KEPT_MAX]}, valid_for=ORDERS_KEPT_FOR
    )
    cookies = _cookies(request)
    cookies.write(response, COOKIE["order"], statement, max_age_seconds=int(ORDERS_KEPT_FOR.total_seconds()))
