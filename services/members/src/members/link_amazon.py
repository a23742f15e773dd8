"""Linking a member with an Amazon account: once per member, once per account (MEM-01, MEM-03, X-20)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from members.storage.members import insert_link
from shared.database import Tx
from shared.events import AmazonAccountLinked


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
