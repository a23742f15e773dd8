"""Linking a member with an Amazon account: once per member, once per account (MEM-01, MEM-03, X-20)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from members.storage.members import insert_link, insert_links
from shared.database import Tx
from shared.events import AmazonAccountLinked, OrderPlaced


async def link_amazon(
    tx: Tx,
    *,
    member_id: UUID,
    buyer_id: str,
    path: Literal["order", "login"],
    at: datetime,
    order_code: str | None = None,
) -> AmazonAccountLinked | None:
    """Link the two and return what is to be said; None if either is linked already.

    A link never changes and gives no registration points (X-43).
    """
    if not await insert_link(tx, member_id, buyer_id, at=at, path=path):
        return None
    return AmazonAccountLinked(member_id=member_id, linked_at=at, path=path, order_code=order_code)


async def link_by_orders(tx: Tx, orders: Sequence[OrderPlaced]) -> list[AmazonAccountLinked]:
    """Link members with the Amazon accounts that they ordered with, where neither is linked yet."""
    linked = await insert_links(
        tx,
        [
            {
                "member_id": order.member_id,
                "buyer_id": order.amazon_buyer_id,
                "linked_at": order.placed_at,
                "path": "order",
            }
            for order in orders
            if order.amazon_buyer_id is not None
        ],
    )
    said = []
    for order in orders:
        if (order.member_id, order.amazon_buyer_id) in linked:
            linked.remove((order.member_id, order.amazon_buyer_id))
            said.append(
                AmazonAccountLinked(
                    member_id=order.member_id,
                    linked_at=order.placed_at,
                    path="order",
                    order_code=order.order_code,
                    caused_by=order.event_id,
                )
            )
    return said
