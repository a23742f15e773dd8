"""The cart: add, change, remove, and the two buttons that lead to an order (AP-11)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, BeforeValidator, Field
from starlette.responses import Response

from checkout.domain.cart import LINES_MAX, QUANTITY_MAX, Cart
from checkout.storage.carts import add_to_cart, read_cart, set_quantity
from checkout.storage.menu import read_menu
from checkout.storage.products import read_products
from checkout.storage.shop_settings import read_shop_settings
from checkout.web.quote import quote_cart
from checkout.web.storefront import Shop, Storefront, cart_of, keep_cart, open_cart_of
from shared.clock import now
from shared.database import Tx
from shared.errors import Refused
from shared.web.fields import half_width
from shared.web.forms import read_form
from shared.web.session import viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

Pieces = Annotated[int, BeforeValidator(lambda value: half_width(value) if isinstance(value, str) else value)]


class AddItem(BaseModel):
    """「カートに入れる」."""

    sku: str = Field(min_length=1, max_length=80, title="商品")
    quantity: Pieces = Field(1, ge=1, le=QUANTITY_MAX, title="数量")


class ChangeItem(BaseModel):
    """A new quantity of a line; 0 takes it out."""

    quantity: Pieces = Field(ge=0, le=QUANTITY_MAX, title="数量")


@router.get("/cart")
async def show_cart(request: Request, shop: Shop) -> Response:
    """Show the cart, or how to fill it."""
    return await _show(request, shop)


@router.post("/cart/items")
async def add_item(request: Request, shop: Shop) -> Response:
    """Put a product into the cart, as many as there are at most."""
    form = await read_form(request, AddItem)
    if form.errors:
        raise Refused("invalid", next(iter(form.errors.values())), status=422)
    asked = form.value
    async with shop.db.transaction() as tx:
        product = (await read_products(tx, [asked.sku])).get(asked.sku)
        if product is None or not product.on_sale:
            raise Refused("product_unknown", "この商品は取り扱いを終了しました。", status=404)
        cart_id = await open_cart_of(request, tx)
        before = await _contents(tx, cart_id)
        _refuse_over_full(before, asked.sku)
        held = sum(line.quantity for line in before.lines if line.product.sku == asked.sku)
        room = min(product.available, QUANTITY_MAX) - held
        if room > 0:
            await add_to_cart(tx, cart_id, asked.sku, min(asked.quantity, room), at=now())
        after = await _contents(tx, cart_id)
    toast = f"「{product.name}」をカートに入れました"
    if room < asked.quantity:
        toast = f"「{product.name}」の在庫は残り{product.available}点です。カートの数量をご確認ください"
    response = shop.pages.redirect(request, "/cart", toast=toast)
    keep_cart(request, response, cart_id, after.count)
    return response


@router.post("/cart/lines/{sku}")
async def change_item(request: Request, shop: Shop, sku: str) -> Response:
    """Change or remove a line; a script gets the new cart in place."""
    form = await read_form(request, ChangeItem)
    async with shop.db.transaction() as tx:
        stored = await cart_of(request, tx)
        if stored is not None and stored.ordered_as is None and not form.errors:
            await set_quantity(tx, stored.cart_id, sku, form.value.quantity, at=now())
            stored = await read_cart(tx, stored.cart_id)
    if "hx-request" in request.headers:
        response = await _show(request, shop, in_place=True)
    elif form.errors:
        response = shop.pages.redirect(request, "/cart", toast=next(iter(form.errors.values())))
    else:
        response = shop.pages.redirect(request, "/cart")
    if stored is not None and stored.ordered_as is None:
        keep_cart(request, response, stored.cart_id, stored.cart.count)
    return response


async def _contents(tx: Tx, cart_id: UUID) -> Cart:
    stored = await read_cart(tx, cart_id)
    return stored.cart if stored else Cart()


def _refuse_over_full(cart: Cart, sku: str) -> None:
    if len(cart.lines) >= LINES_MAX and sku not in {line.product.sku for line in cart.lines}:
        raise Refused("cart_full", f"カートに入れられる商品は{LINES_MAX}種類までです。")


async def _show(request: Request, shop: Storefront, *, in_place: bool = False) -> Response:
    async with shop.db.transaction() as tx:
        stored = await cart_of(request, tx)
        settings = await read_shop_settings(tx)
        menu = await read_menu(tx)
    if stored is None or stored.ordered_as is not None or not stored.cart.lines:
        values: dict[str, Any] = {"cart": None}
    else:
        total = quote_cart(stored.cart, settings.shipping)
        values = {
            "cart": stored.cart,
            "quote": total,
            "missing_until_free": settings.shipping.missing_until_free(stored.cart.items_total),
            "wallets": [
                method
                for method in menu.wallets
                if method.unsuited(total.amounts.total, wallet_kind=method.kind) is None
            ],
            "quantity_max": QUANTITY_MAX,
        }
    if in_place:
        return shop.pages.fragment(request, "cart.html", "cart", **values)
    return shop.pages.render(request, "cart.html", **values)
