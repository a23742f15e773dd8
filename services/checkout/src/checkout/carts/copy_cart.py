"""Copies the contents of one cart into another."""

from datetime import datetime
from uuid import UUID

from checkout.carts.rows import StoredCart, copy_lines, read_cart
from shared.database.transactions import Tx


async def copy_cart(tx: Tx, from_id: UUID, to_id: UUID, *, at: datetime) -> StoredCart | None:
    """Return the cart ``to_id`` with the contents of both carts. Nothing is added if the source was ordered again."""
    source = await read_cart(tx, from_id)
    if source is not None and source.ordered_as is None and from_id != to_id:
        await copy_lines(tx, from_id, to_id, at=at)
    return await read_cart(tx, to_id)
