"""The API for the orders of a buyer."""

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from checkout.my_orders.pages import own_order
from shared.web.parts import CurrentParts
from shared.web.session import CurrentViewer, viewer

router = APIRouter(prefix="/api/checkout", tags=["checkout"], dependencies=[Depends(viewer)])


class OwnLine(BaseModel):
    """One line of the order; ``unit_price`` in yen."""

    sku: str
    quantity: int
    unit_price: int


class OwnOrder(BaseModel):
    """An order as its buyer may read it."""

    order_code: str
    status: str
    deposit: str
    shipping: str
    payment: str
    payment_kind: str
    total: int
    lines: list[OwnLine]


@router.get("/orders/{code}", responses={404: {}})
async def read_order(request: Request, parts: CurrentParts, viewer: CurrentViewer, code: str) -> OwnOrder:
    """Return an order of the caller: placed with this cookie jar, or by the signed-in member."""
    order = await own_order(request, parts, viewer, code)
    head = order.head
    return OwnOrder(
        order_code=head.code,
        status=head.status,
        deposit=head.deposit,
        shipping=head.shipping,
        payment=head.payment,
        payment_kind=head.payment_kind,
        total=head.total,
        lines=[OwnLine.model_validate(line, from_attributes=True) for line in order.lines],
    )
