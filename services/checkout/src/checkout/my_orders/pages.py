"""The buyer's own orders: the page after 「注文を確定する」, and 注文履歴.

An order is shown to the browser that placed it and to its member. A browser where a link opened the order shows only
its page. The order of another buyer gets the same response as an unknown order, so that codes cannot be probed.
"""

import hmac
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from checkout.calendar.labels import day_label
from checkout.carts.browser import cart_of, keep_cart, open_cart_of
from checkout.carts.copy_cart import copy_cart
from checkout.carts.rows import StoredCart
from checkout.carts.take_back_cart import take_back_cart
from checkout.my_orders.labels import FAILED, overdue, parcel_state, progress, refund_sentence
from checkout.my_orders.receipt import may_be_receipted
from checkout.my_orders.rows import (
    BuyersOrder,
    page_key_of,
    read_buyers_order,
    read_item_names,
    read_orders_of,
)
from checkout.orders.browser import keep_opened, orders_in_browser
from checkout.orders.give_up_payment import give_up_payment
from checkout.orders.rules.code import ORDER_CODE
from checkout.orders.stored_order import StoredOrder
from checkout.placing.browser import wallet_of
from checkout.placing.placements import cart_of_order
from checkout.pricing.lines import amount_lines
from shared.clock import now
from shared.errors import Refused
from shared.shop.carriers import carrier_called
from shared.shop.taxes import taxes_after
from shared.web.parts import CurrentParts, Parts
from shared.web.session import CurrentViewer, Viewer

router = APIRouter(include_in_schema=False)

_WAITING = "awaited"
LOOK_AGAIN_SECONDS = 3
LOOK_AGAIN_FOR_SECONDS = 120
# For this time the order's page tells a newly registered member how to log in.
REGISTERED_TOLD_FOR_SECONDS = 30 * 60
THANKED_FOR_SECONDS = 15 * 60


@router.get("/orders")
async def list_orders(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Show the member's orders, and those placed with this browser."""
    member_id = UUID(viewer.member_id) if viewer.member_id else None
    async with parts.db.transaction() as tx:
        rows = await read_orders_of(tx, member_id=member_id, codes=orders_in_browser(parts, request).placed)
        names = await read_item_names(tx, [row.code for row in rows])
    entries = [(row, progress(row), _goods_in_words(names.get(row.code, []))) for row in rows]
    return parts.pages.render(request, "order_list.html", entries=entries)


@router.get("/orders/{code}")
async def show_order(
    request: Request, parts: CurrentParts, viewer: CurrentViewer, code: str, key: str = ""
) -> Response:
    """Show the order with its payment and parcels. The page reloads until payments has reported.

    ``key`` comes from the link in mails. It lets any browser show this order, and nothing else.
    """
    by_key = bool(key) and await _key_opens(parts, code, key)
    order = await _read(parts, code) if by_key else await own_order(request, parts, viewer, code)
    if order is None:
        raise _unknown()
    response = await _page(request, parts, viewer, order, kept=await _cart_kept(request, parts, order))
    if by_key and not _is_members(viewer, order):
        keep_opened(parts, request, response, code, key=key)
    return response


async def _cart_kept(request: Request, parts: Parts, order: BuyersOrder) -> StoredCart | None:
    """Return the browser's cart if the order that emptied it has failed. The cart is then full again."""
    if order.failure is None:
        return None
    async with parts.db.transaction() as tx:
        stored = await cart_of(request, tx)
    return stored if stored is not None and stored.ordered_as is None else None


async def _page(
    request: Request, parts: Parts, viewer: Viewer, order: BuyersOrder, *, kept: StoredCart | None
) -> Response:
    head = order.head
    age = (now() - head.placed_at).total_seconds()
    waits_for_payments = (
        head.payment == _WAITING and head.payment_flow != "unmanaged" and head.status != "cancelled"
    )
    look_again = waits_for_payments and age < LOOK_AGAIN_FOR_SECONDS
    can_go_back = order.awaits_buyer and await _can_go_back(request, order)
    number = order.number
    late = overdue(head, number.due_at, number.accepted_until, now()) if number else None
    response = parts.pages.render(
        request,
        "order_page.html",
        # The page has names and addresses and opens by a link, so no cache may store it.
        headers={"Cache-Control": "no-store"},
        order=order,
        head=head,
        progress=late or progress(head),
        is_late=late is not None,
        amounts=_amounts(order),
        taxes=taxes_after(head.amounts, order.waived),
        parcels=[(parcel, parcel_state(parcel), carrier_called(parcel.carrier)) for parcel in order.parcels],
        failed=FAILED.of(order.failure) if order.failure else "",
        registers=order.registers and not viewer.signed_in and age < REGISTERED_TOLD_FOR_SECONDS,
        # A buyer who returns from the provider may arrive before the event of payments.
        missing=order.awaits_buyer and (can_go_back or not look_again),
        can_go_back=can_go_back,
        is_buyers=_is_buyers(request, parts, viewer, order),
        thanks=age < THANKED_FOR_SECONDS and head.status != "cancelled" and _may_be_thanked(head),
        refund_sentence=refund_sentence,
        day_label=day_label,
        has_receipt=may_be_receipted(head),
        look_again_seconds=LOOK_AGAIN_SECONDS if look_again else None,
        **({"cart_count": kept.cart.count} if kept else {}),
    )
    if kept:
        keep_cart(request, response, kept.cart_id, kept.cart.count)
    return response


async def _can_go_back(request: Request, order: BuyersOrder) -> bool:
    """Return whether the buyer can return to the provider's page.

    A wallet needs its session, which works until it is used.
    """
    session_id = order.head.payment_choice.get("checkout_session_id")
    wallet = await wallet_of(request)
    return session_id is None or (wallet is not None and wallet.checkout_session_id == session_id)


def _may_be_thanked(head: StoredOrder) -> bool:
    """Return whether the page thanks the buyer. A method that authorizes later must have authorized first."""
    return head.payment != _WAITING or head.payment_flow != "authorized" or not head.total


@router.post("/orders/{code}/again")
async def order_again(request: Request, parts: CurrentParts, viewer: CurrentViewer, code: str) -> Response:
    """「別のお支払い方法で注文する」: reopen the cart of an order that was not, or cannot be, paid (AP-47).

    An open payment is cancelled first. A browser that only opened the order cancels nothing. It gets a copy of the
    goods in its own cart; the other cart stays with the person who filled it.
    """
    order = await own_order(request, parts, viewer, code)
    is_buyers = _is_buyers(request, parts, viewer, order)
    may_give_up = order.awaits_buyer and is_buyers
    if not may_give_up and order.head.payment != "failed":
        raise Refused("order_not_failed", "このご注文のお支払いはお手続き中か、完了しています。")
    async with parts.db.transaction() as tx:
        if may_give_up:
            await give_up_payment(tx, order_code=code, at=now())
        cart_id = await cart_of_order(tx, code)
        kept = None
        if cart_id is not None and is_buyers:
            kept = await take_back_cart(tx, cart_id, await cart_of(request, tx), at=now())
        elif cart_id is not None:
            kept = await copy_cart(tx, cart_id, await open_cart_of(request, tx), at=now())
    response = parts.pages.redirect(request, "/cart")
    if kept is not None:
        keep_cart(request, response, kept.cart_id, kept.cart.count)
    return response


async def own_order(request: Request, parts: Parts, viewer: Viewer, code: str) -> BuyersOrder:
    """Return the order if this browser or this member may see it. Raises Refused(order_unknown)."""
    order = await _read(parts, code)
    if order is not None and (_is_members(viewer, order) or await _shows(request, parts, code)):
        return order
    raise _unknown()


async def _shows(request: Request, parts: Parts, code: str) -> bool:
    async with parts.db.transaction() as tx:
        key = await page_key_of(tx, code)
    return orders_in_browser(parts, request).shows(code, key)


def _is_members(viewer: Viewer, order: BuyersOrder) -> bool:
    return viewer.member_id is not None and str(order.head.member_id) == viewer.member_id


def _is_buyers(request: Request, parts: Parts, viewer: Viewer, order: BuyersOrder) -> bool:
    """Return whether this browser placed the order, or its member is logged in. A link may be opened by a stranger."""
    return _is_members(viewer, order) or order.head.code in orders_in_browser(parts, request).placed


async def _read(parts: Parts, code: str) -> BuyersOrder | None:
    if not ORDER_CODE.fullmatch(code):
        return None
    async with parts.db.transaction() as tx:
        return await read_buyers_order(tx, code)


async def _key_opens(parts: Parts, code: str, key: str) -> bool:
    if not ORDER_CODE.fullmatch(code):
        return False
    async with parts.db.transaction() as tx:
        known = await page_key_of(tx, code)
    return known is not None and hmac.compare_digest(known.encode(), key.encode())


def _unknown() -> Refused:
    return Refused(
        "order_unknown",
        "ご注文が見つかりません。メールのリンクから開くか、ログインしてください。"
        "注文番号または受付番号とメールアドレスからも、ご注文を確認できます（「ご注文の確認」）。",
        status=404,
    )


def _goods_in_words(names: list[str]) -> str:
    """Return the name of the first product and the number of the others."""
    return f"{names[0]} ほか{len(names) - 1}点" if len(names) > 1 else "".join(names)


def _amounts(order: BuyersOrder) -> list[tuple[str, int, str]]:
    lines = amount_lines(order.head.amounts, order.head.coupon_name or "")
    return [*lines, ("ご請求しない差額", -order.waived, "")] if order.waived else lines
