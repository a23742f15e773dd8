"""The page that the law on distance selling requires."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from checkout.payment_menu.rows import read_menu
from checkout.shop.front import read_front
from shared.web.parts import CurrentParts
from shared.web.session import viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)


@router.get("/legal")
async def show_legal(request: Request, parts: CurrentParts) -> Response:
    """Show what the law on distance selling requires (特定商取引法 11条), with the fees and payment methods in force."""
    async with parts.db.transaction() as tx:
        front = await read_front(tx)
        menu = await read_menu(tx)
    return parts.pages.render(
        request, "shop_legal.html", settings=front.settings, law=front.law, methods=menu.methods
    )
