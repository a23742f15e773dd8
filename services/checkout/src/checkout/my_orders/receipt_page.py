"""The page of a receipt for the buyer of the order. Its print style is the paper."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from checkout.my_orders.pages import own_order
from checkout.my_orders.receipt import receipt_of
from checkout.my_orders.rows import BuyersOrder
from checkout.shop.front import read_front
from shared.web.parts import CurrentParts, Parts
from shared.web.session import CurrentViewer

router = APIRouter(include_in_schema=False)


@router.get("/orders/{code}/receipt")
async def show_receipt(request: Request, parts: CurrentParts, viewer: CurrentViewer, code: str) -> Response:
    """「領収書発行」: show the receipt to whoever may see the order. Raises Refused before the money came."""
    return await render_receipt(
        request, parts, await own_order(request, parts, viewer, code), f"/orders/{code}"
    )


async def render_receipt(request: Request, parts: Parts, order: BuyersOrder, back: str) -> Response:
    """Return the page of a receipt, with the way ``back``. Raises Refused if the order has none."""
    receipt = receipt_of(order.head, order.lines, waived=order.waived)
    async with parts.db.transaction() as tx:
        identity = (await read_front(tx)).identity
    return parts.pages.render(
        request,
        "order_receipt.html",
        # The page has a name and opens by a link, so no cache may store it.
        headers={"Cache-Control": "no-store"},
        receipt=receipt,
        identity=identity,
        back=back,
    )
