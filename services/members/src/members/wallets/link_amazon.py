"""Links a member with an Amazon account: once per member, once per account (MEM-01, MEM-03, X-20).

The linked Amazon account can log in. A member whose address is not proved therefore gets no link. A stranger who signed
up with another person's address would otherwise keep a way to log in. Only Amazon's confirmation of the same address
counts as proof.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from members.accounts.rows import KnownMember, Member
from members.wallets.rows import Link, NewLink, insert_link, insert_links
from shared.database.transactions import Tx
from shared.events import AmazonAccountLinked, OrderPlaced, Registration

# Other services learn of an ended login by an event. Until then an order may still arrive from that login.
LATE_ORDERS = timedelta(minutes=5)


AMAZON = "amazon_pay"
"""The wallet whose account can log in and vouches for registrations. Other wallets only pay."""


def amazon_buyer(order: OrderPlaced | Registration) -> str | None:
    """Return the Amazon account of the order. Return None for another wallet or none."""
    return order.wallet_buyer_id if order.wallet_kind == AMAZON else None


def order_may_link(member: KnownMember, placed_at: datetime) -> bool:
    """Return whether an order of ``placed_at`` came after the proof of the address and not from an ended login."""
    proved_at, ended_at = member.email_verified_at, member.sessions_ended_at
    if proved_at is None or proved_at > placed_at:
        return False
    return ended_at is None or placed_at > ended_at + LATE_ORDERS


async def link_amazon(
    tx: Tx,
    *,
    member: Member,
    buyer_id: str,
    path: Literal["order", "login"],
    at: datetime,
) -> bool:
    """Link the member and the account. Returns False if either is already linked.

    A link never changes and gives no registration points (X-43).
    """
    if not await insert_link(tx, member.member_id, buyer_id, at=at, path=path):
        return False
    tx.say(
        AmazonAccountLinked(
            member_id=member.member_id, linked_at=at, path=path, name=member.name, email=member.email
        )
    )
    return True


def _may_link(order: OrderPlaced, members: Mapping[UUID, KnownMember]) -> bool:
    member = members.get(order.member_id) if order.member_id is not None and order.wallet_links else None
    return member is not None and order_may_link(member, order.placed_at)


async def link_by_orders(
    tx: Tx, orders: Sequence[OrderPlaced], members: Mapping[UUID, KnownMember]
) -> set[Link]:
    """Link ``members`` with the Amazon accounts of their orders if neither is linked yet. Return the new links."""
    wanted = [
        (order, buyer_id)
        for order in orders
        if (buyer_id := amazon_buyer(order)) is not None and _may_link(order, members)
    ]
    return await insert_links(
        tx,
        [
            NewLink(order.member_id, buyer_id, linked_at=order.placed_at, path="order")
            for order, buyer_id in wanted
            if order.member_id is not None
        ],
    )
