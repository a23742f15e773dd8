"""Gives the cart of an unpaid order back to its buyer."""

from datetime import datetime
from uuid import UUID

from checkout.carts.rows import StoredCart, move_lines, read_cart
from shared.database.transactions import Tx


async def take_back_cart(
    tx: Tx, cart_id: UUID, present: StoredCart | None, *, at: datetime
) -> StoredCart | None:
    """Return the cart, joined with the contents of the ``present`` cart. Return None if it was ordered again."""
    kept = await read_cart(tx, cart_id)
    if kept is None or kept.ordered_as is not None:
        return None
    if present is not None and present.ordered_as is None and present.cart_id != kept.cart_id:
        await move_lines(tx, present.cart_id, kept.cart_id, at=at)
        return await read_cart(tx, kept.cart_id) or kept
    return kept
