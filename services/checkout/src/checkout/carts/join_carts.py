"""A member has one cart on every device. The cart of a browser joins it."""

from datetime import datetime
from uuid import UUID

from checkout.carts.rows import (
    TYPED_BY,
    StoredCart,
    give_to_member,
    keep_typed,
    move_lines,
    open_cart_of_member,
    read_cart,
)
from shared.database.transactions import Tx


async def join_carts(
    tx: Tx, stored: StoredCart | None, member_id: UUID, *, at: datetime
) -> StoredCart | None:
    """Join the browser's cart, ``stored``, with the member's open cart, and return the result.

    The order form of a guest is not copied, because the person who logs in may be somebody else.
    """
    mine = stored if stored is not None and stored.ordered_as is None else None
    if mine is not None and mine.member_id == member_id:
        return stored
    theirs = await open_cart_of_member(tx, member_id)
    if theirs is None:
        if mine is not None:
            await give_to_member(tx, mine.cart_id, member_id)
        return stored
    if mine is not None and mine.cart.lines:
        await move_lines(tx, mine.cart_id, theirs, at=at)
        if mine.draft.get(TYPED_BY) == str(member_id):
            await keep_typed(tx, theirs, mine.draft, at=at)
    return await read_cart(tx, theirs)
