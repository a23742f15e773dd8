"""The cart page: add, change and remove products, and the two buttons that lead to an order (AP-11)."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from checkout.carts.browser import cart_of, joined_cart_of, keep_cart, open_cart_of
from checkout.carts.put_into_cart import put_into_cart
from checkout.carts.rows import StoredCart, read_cart, set_quantity
from checkout.carts.rules import QUANTITY_MAX
from checkout.catalogue.rows import read_products
from checkout.catalogue.rules import Product
from checkout.payment_menu.rows import read_menu
from checkout.payment_menu.rules import Menu, OrderToPay
from checkout.placing.compose_order import NOT_OPEN
from checkout.placing.quote import quote_cart
from checkout.shop.front import Opening, ShopFront, read_front
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.web.fields import Pieces
from shared.web.forms import read_form
from shared.web.pages import Toast
from shared.web.parts import CurrentParts, Parts
from shared.web.session import viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)

WRONG_QUANTITY = f"数量は1〜{QUANTITY_MAX}の数字で入力してください"


class AddItem(BaseModel):
    """「カートに入れる」."""

    sku: str = Field(min_length=1, max_length=80, title="商品")
    quantity: Pieces = Field(ge=1, le=QUANTITY_MAX, title="数量")


class ChangeItem(BaseModel):
    """A new quantity of a line. 0 removes the line."""

    quantity: Pieces = Field(ge=0, le=QUANTITY_MAX, title="数量")


@router.get("/cart")
async def show_cart(request: Request, parts: CurrentParts) -> Response:
    """Show the cart, joined with the member's cart from other devices. An empty cart shows how to fill it."""
    async with parts.db.transaction() as tx:
        stored = await joined_cart_of(request, tx)
        frame = await _frame(tx)
    return _show(request, parts, stored, frame)


@router.get("/cart/count")
async def count_cart(request: Request, parts: CurrentParts) -> Response:
    """Return the cart's number of pieces for the header after a login. It includes the cart of the member elsewhere."""
    async with parts.db.transaction() as tx:
        stored = await joined_cart_of(request, tx)
    is_open = stored is not None and stored.ordered_as is None
    count = stored.cart.count if stored is not None and is_open else 0
    response = parts.pages.render(request, "cart_count.html", cart_count=count)
    keep_cart(request, response, stored.cart_id if stored is not None and is_open else None, count)
    return response


@router.post("/cart/items")
async def add_item(request: Request, parts: CurrentParts) -> Response:
    """Add a product to the cart, up to the maximum. A wrong quantity is shown again in its field."""
    form = await read_form(request, AddItem)
    if "quantity" in form.errors and "sku" not in form.errors:
        return _back_to_item(request, parts, str(form["sku"]), WRONG_QUANTITY, str(form["quantity"]))
    if form.errors:
        raise Refused("product_unknown", "この商品は見つかりませんでした。", status=404)
    asked = form.value
    async with parts.db.transaction() as tx:
        product = (await read_products(tx, [asked.sku])).get(asked.sku)
        if product is None or not product.on_sale:
            raise Refused("product_unknown", "この商品は取り扱いを終了しました。", status=404)
        cart_id = await open_cart_of(request, tx)
        try:
            put = await put_into_cart(tx, cart_id, product, asked.quantity, at=now())
        except Refused as full:
            return _back_to_item(request, parts, asked.sku, full.message, str(asked.quantity))
    if put.added < asked.quantity:
        toast = _not_all(product, put.now_in_cart)
        response = parts.pages.redirect(request, "/cart", toast=toast, kind="wait")
    else:
        response = parts.pages.redirect(request, "/cart", toast=f"「{product.name}」をカートに入れました")
    keep_cart(request, response, cart_id, put.cart.count)
    return response


def _not_all(product: Product, now_in_cart: int) -> str:
    """Return which limit kept some pieces out: the limit of a line, or the stock.

    Only a small remaining stock is named.
    """
    if product.buyer_limit is not None and product.buyer_limit <= product.available:
        return (
            f"「{product.name}」はお一人様{product.buyer_limit}点までです。カートの数量は{now_in_cart}点です"
        )
    if now_in_cart == QUANTITY_MAX:
        return (
            f"「{product.name}」は{QUANTITY_MAX}点までご注文いただけます。カートの数量は{QUANTITY_MAX}点です"
        )
    if now_in_cart < 1:
        return f"申し訳ございません、「{product.name}」は売り切れました"
    return f"在庫が足りないため、「{product.name}」のカートの数量は{now_in_cart}点です"


def _back_to_item(request: Request, parts: Parts, sku: str, why: str, typed: str) -> Response:
    return parts.pages.redirect(
        request, f"/items/{sku}#quantity", toast=why, kind="stop", place="quantity", typed=typed
    )


@router.post("/cart/lines/{sku}")
async def change_item(request: Request, parts: CurrentParts, sku: str) -> Response:
    """Change or remove a line. A script receives the new cart as a fragment; a refused field shows its reason."""
    form = await read_form(request, ChangeItem)
    why = WRONG_QUANTITY if form.errors else ""
    async with parts.db.transaction() as tx:
        stored = await cart_of(request, tx)
        if stored is not None and stored.ordered_as is None and not why:
            why = stored.cart.why_not(sku, form.value.quantity)
            if not why:
                await set_quantity(tx, stored.cart_id, sku, form.value.quantity, at=now())
            stored = await read_cart(tx, stored.cart_id)
        frame = await _frame(tx) if "hx-request" in request.headers else None
    refused = Toast(why, "stop", _place(sku), str(form["quantity"])) if why else None
    if frame is not None:
        return _show(request, parts, stored, frame, in_place=True, refused=refused)
    if refused is None:
        response = parts.pages.redirect(request, "/cart")
    else:
        response = parts.pages.redirect(
            request,
            f"/cart#{refused.place}",
            toast=why,
            kind="stop",
            place=refused.place,
            typed=refused.typed,
        )
    if stored is not None and stored.ordered_as is None:
        keep_cart(request, response, stored.cart_id, stored.cart.count)
    return response


def _place(sku: str) -> str:
    return f"line-{sku}"


async def _frame(tx: Tx) -> tuple[ShopFront, Menu]:
    return await read_front(tx), await read_menu(tx)


def _show(
    request: Request,
    parts: Parts,
    stored: StoredCart | None,
    frame: tuple[ShopFront, Menu],
    *,
    in_place: bool = False,
    refused: Toast | None = None,
) -> Response:
    front, menu = frame
    settings = front.settings
    is_open = stored is not None and stored.ordered_as is None
    values: dict[str, Any] = {
        "cart": None,
        "refused": refused,
        "in_place": in_place,
        "cart_count": stored.cart.count if stored is not None and is_open else 0,
    }
    if stored is not None and is_open and stored.cart.lines:
        tax = front.tax.at(now())
        total = quote_cart(stored.cart, settings, tax)
        values |= {
            "cart": stored.cart,
            "not_open": NOT_OPEN if parts[Opening].keeps_shut(front, menu) else "",
            "quote": total,
            "reduced": [
                line.product.sku for line in stored.cart.lines if tax.is_reduced(line.product.tax_class)
            ],
            "missing_until_free": settings.shipping.missing_until_free(stored.cart.items_total),
            "wallets": [
                method
                for method in menu.wallets
                if method.unsuited(
                    OrderToPay(
                        total.amounts.total,
                        wallet_kind=method.kind,
                        prepay_excluded=stored.cart.prepay_excluded,
                    )
                )
                is None
            ],
        }
    if in_place:
        response = parts.pages.fragment(request, "cart.html", "cart", **values)
    else:
        response = parts.pages.render(request, "cart.html", **values)
    if stored is not None and is_open:
        keep_cart(request, response, stored.cart_id, stored.cart.count)
    return response
