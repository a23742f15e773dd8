"""お届け希望日 while the buyer looks at the last page: it stays chosen on the way to other pages and back."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from checkout.carts.rows import keep_typed
from checkout.placing.checkout_under_way import DATE, Checkout, load_checkout, typed
from checkout.placing.fields import ChosenDate, Confirmation
from shared.clock import now
from shared.web.forms import read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)


@router.post("/order/date")
async def keep_chosen_date(request: Request, parts: CurrentParts) -> Response:
    """Store the date that the buyer chose. A script sends each change; the order carries the date once more."""
    checkout = await load_checkout(request, parts)
    if isinstance(checkout, Checkout):
        form = await read_form(request, ChosenDate)
        if not form.errors:
            await keep_date(parts, checkout, form.value)
    return Response(status_code=204)


async def keep_date(parts: Parts, checkout: Checkout, chosen: ChosenDate | Confirmation) -> None:
    """Store the chosen date in the draft, if it changed."""
    day = chosen.delivery_date.isoformat() if chosen.delivery_date else ""
    if day == (checkout.draft.get(DATE) or ""):
        return
    async with parts.db.transaction() as tx:
        await keep_typed(tx, checkout.stored.cart_id, typed(checkout.viewer, {DATE: day}), at=now())
