"""領収書を見る: the receipt of an order as its buyer sees it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from checkout.my_orders.receipt_page import render_receipt
from checkout.my_orders.rows import read_buyers_order
from checkout.order_desk.fields import OrderCode
from shared.errors import Refused
from shared.web.parts import CurrentParts
from shared.web.session import needs

router = APIRouter(include_in_schema=False)


@router.get("/desk/orders/{code}/receipt", dependencies=[needs("read_orders")])
async def show_receipt(request: Request, parts: CurrentParts, code: OrderCode) -> Response:
    """Show the receipt. Raises Refused (404) for an unknown order, or if the order has no receipt."""
    async with parts.db.transaction() as tx:
        order = await read_buyers_order(tx, code)
    if order is None:
        raise Refused("order_unknown", "この注文は見つかりません。", status=404)
    return await render_receipt(request, parts, order, f"/desk/orders/{code}")
