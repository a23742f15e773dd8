"""Links a member with an Amazon account: once per member, once per account (MEM-01, MEM-03, X-20).

The linked Amazon account can log in. A member whose address is not proved therefore gets no link. A stranger who signed
up with another person's address would otherwise keep a way to log in. Only Amazon's confirmation of the same address
counts as proof.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from members.accounts.rows import KnownMember, Member
from members.wallets.rows import insert_link
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


def account_to_link(order: OrderPlaced, members: Mapping[UUID, KnownMember]) -> str | None:
    """Return the Amazon account that an order of one of ``members`` links once its payment is authorized, or None."""
    member = members.get(order.member_id) if order.member_id is not None and order.wallet_links else None
    return amazon_buyer(order) if member is not None and order_may_link(member, order.placed_at) else None
