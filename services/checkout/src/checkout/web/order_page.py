"""The buyer's own orders: the page after 「注文を確定する」, and 注文履歴.

An order is shown to the browser that placed it and to its member. Somebody else's answers like one that
does not exist (reliability.md §4).
"""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from checkout.domain.order_code import ORDER_CODE
from checkout.storage.buyers_orders import BuyersOrder, read_buyers_order, read_item_names, read_orders_of
from checkout.storage.carts import cart_of_order, move_lines, read_cart
from checkout.web.buyers_words import FAILED, parcel_state, progress
from checkout.web.quote import Quote
from checkout.web.storefront import Shop, Storefront, cart_of, keep_cart, orders_of
from shared.clock import now
from shared.errors import Refused
from shared.events import Amounts
from shared.web.session import CurrentViewer, Viewer

router = APIRouter(include_in_schema=False)

_WAITING = "awaited"
LOOK_AGAIN_SECONDS = 3
LOOK_AGAIN_FOR_SECONDS = 120
# So long the order's page tells who registered with it how to log in.
REGISTERED_TOLD_FOR_SECONDS = 30 * 60


@router.get("/orders")
async def list_orders(request: Request, shop: Shop, seen: CurrentViewer) -> Response:
    """Show the member's orders, and those placed with this browser."""
    member_id = UUID(seen.member_id) if seen.member_id else None
    async with shop.db.transaction() as tx:
        rows = await read_orders_of(tx, member_id=member_id, codes=orders_of(shop, request))
        names = await read_item_names(tx, [row.code for row in rows])
    entries = [(row, progress(row), _goods_in_words(names.get(row.code, []))) for row in rows]
    return shop.pages.render(request, "order_list.html", entries=entries)


@router.get("/orders/{code}")
async def show_order(request: Request, shop: Shop, seen: CurrentViewer, code: str) -> Response:
    """Show the order with its payment and parcels. While payments has not spoken, the page looks again."""
    order = await own_order(request, shop, seen, code)
    age = (now() - order.head.placed_at).total_seconds()
    expects_news = order.head.payment == _WAITING and order.head.payment_group != "cash_on_delivery"
    return shop.pages.render(
        request,
        "order_page.html",
        order=order,
        head=order.head,
        progress=progress(order.head),
        amounts=_amounts(order),
        parcels=[(parcel, parcel_state(parcel)) for parcel in order.parcels],
        failed=FAILED.get(order.failure, FAILED["provider_error"]) if order.failure else "",
        fresh=age < 15 * 60,
        registers=order.head.member_id is not None
        and not seen.signed_in
        and age < REGISTERED_TOLD_FOR_SECONDS,
        look_again_seconds=LOOK_AGAIN_SECONDS if expects_news and age < LOOK_AGAIN_FOR_SECONDS else None,
    )


@router.post("/orders/{code}/again")
async def order_again(request: Request, shop: Shop, seen: CurrentViewer, code: str) -> Response:
    """「別のお支払い方法で注文する」: back to the cart of an order that could not be paid (AP-47)."""
    order = await own_order(request, shop, seen, code)
    if order.head.payment != "failed":
        raise Refused("order_not_failed", "このご注文のお支払いはお手続き中か、完了しています。")
    async with shop.db.transaction() as tx:
        cart_id = await cart_of_order(tx, code)
        kept = await read_cart(tx, cart_id) if cart_id else None
        if kept is None or kept.ordered_as is not None:
            return shop.pages.redirect(request, "/cart")
        present = await cart_of(request, tx)
        if present is not None and present.ordered_as is None and present.cart_id != kept.cart_id:
            await move_lines(tx, present.cart_id, kept.cart_id, at=now())
            kept = await read_cart(tx, kept.cart_id) or kept
    response = shop.pages.redirect(request, "/cart")
    keep_cart(request, response, kept.cart_id, kept.cart.count)
    return response


async def own_order(request: Request, shop: Storefront, seen: Viewer, code: str) -> BuyersOrder:
    """Return the order if this browser or this member may see it. Raises Refused(order_unknown)."""
    order = None
    if ORDER_CODE.fullmatch(code):
        async with shop.db.transaction() as tx:
            order = await read_buyers_order(tx, code)
    if order is not None:
        by_member = seen.member_id is not None and str(order.head.member_id) == seen.member_id
        if by_member or code in orders_of(shop, request):
            return order
    raise Refused(
        "order_unknown",
        "ご注文が見つかりません。ご注文時のブラウザーで開くか、ログインしてください。",
        status=404,
    )


def _goods_in_words(names: list[str]) -> str:
    """Return the first product's name and how many others there were."""
    return f"{names[0]} ほか{len(names) - 1}点" if len(names) > 1 else "".join(names)


def _amounts(order: BuyersOrder) -> list[tuple[str, int, str]]:
    head = order.head
    amounts = Amounts(
        items=head.items_amount,
        shipping=head.shipping_fee,
        fee=head.payment_fee,
        point_discount=head.point_discount,
        coupon_discount=head.coupon_discount,
        total=head.total,
    )
    return Quote(amounts).lines
