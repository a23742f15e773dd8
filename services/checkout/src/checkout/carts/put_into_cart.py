"""「カートに入れる」: adds pieces of a product to a cart, up to the maximum."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from checkout.carts.rows import add_to_cart, read_cart
from checkout.carts.rules import LINES_MAX, Cart
from checkout.catalogue.rules import Product
from shared.database.transactions import Tx
from shared.errors import Refused

CART_FULL = f"カートに入れられる商品は{LINES_MAX}種類までです。"


@dataclass(frozen=True)
class Put:
    """The result: ``cart`` after the change, the number of pieces ``added``, and the number in the cart."""

    cart: Cart
    added: int
    now_in_cart: int


async def put_into_cart(tx: Tx, cart_id: UUID, product: Product, quantity: int, *, at: datetime) -> Put:
    """Add up to ``quantity`` pieces. Raises Refused(cart_full) for one product more than a cart takes."""
    before = await _contents(tx, cart_id)
    held = before.quantity_of(product.sku)
    if not held and len(before.lines) >= LINES_MAX:
        raise Refused("cart_full", CART_FULL)
    added = min(quantity, before.room_for(product))
    if added:
        await add_to_cart(tx, cart_id, product.sku, added, at=at)
    return Put(await _contents(tx, cart_id), added, held + added)


async def _contents(tx: Tx, cart_id: UUID) -> Cart:
    stored = await read_cart(tx, cart_id)
    return stored.cart if stored else Cart()
