"""The pages of the product list and of each product."""

from itertools import groupby

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from checkout.catalogue.rows import read_products, read_shelf
from checkout.catalogue.search_engines import product_data
from checkout.shop.front import read_front
from checkout.shop.origin import Origin
from shared.errors import Refused
from shared.web.parts import CurrentParts
from shared.web.session import viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)


@router.get("/")
async def show_shelf(request: Request, parts: CurrentParts) -> Response:
    """Show everything on sale, by category."""
    async with parts.db.transaction() as tx:
        products = await read_shelf(tx)
        front = await read_front(tx)
    shelves = [
        (category, list(group)) for category, group in groupby(products, key=lambda product: product.category)
    ]
    return parts.pages.render(
        request, "shop_home.html", shelves=shelves, settings=front.settings, identity=front.identity
    )


@router.get("/items/{sku}")
async def show_item(request: Request, parts: CurrentParts, sku: str) -> Response:
    """Show one product. Raises Refused(product_unknown)."""
    async with parts.db.transaction() as tx:
        product = (await read_products(tx, [sku])).get(sku)
        front = await read_front(tx)
    if product is None:
        raise Refused("product_unknown", "この商品は見つかりませんでした。", status=404)
    return parts.pages.render(
        request,
        "shop_item.html",
        product=product,
        settings=front.settings,
        delivery_time=front.law.delivery_time,
        structured=product_data(product, parts[Origin].url),
    )
