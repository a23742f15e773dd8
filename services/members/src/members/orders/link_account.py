"""Links the member of an order with the Amazon account that pays for it, as soon as its payment is authorized (MEM-01)."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from members.accounts.rows import KnownMember, known_members
from members.orders.rows import MemberOrder, forget_wanted_links, lock_orders
from members.wallets.link_amazon import order_may_link
from members.wallets.rows import Link, NewLink, insert_links
from shared.database.transactions import Tx
from shared.events import AmazonAccountLinked, PaymentAuthorized


@dataclass
class AuthorizedOrders:
    """The unit of work for authorized payments. An order that was only placed proves nothing about its wallet.

    Nobody is linked if the order was cancelled or all logins of the member ended meanwhile, or if either is linked already.
    """

    wanted: Mapping[str, MemberOrder]
    known: Mapping[str, KnownMember]
    links: set[Link]

    @classmethod
    @asynccontextmanager
    async def open(cls, tx: Tx, events: Sequence[PaymentAuthorized]) -> AsyncIterator[Self]:
        """Lock the orders and store the links that they want.

        Raises TryAgain while an order is unknown.
        """
        at = {event.order_code: event.authorized_at for event in reversed(events)}
        orders = await lock_orders(tx, at)
        wanted = {code: order for code, order in orders.items() if order.links_buyer_id is not None}
        members = await known_members(tx, {one.member_id for one in wanted.values() if one.member_id})
        known = {
            code: member
            for code, order in wanted.items()
            if order.cancelled_at is None
            and (member := members.get(order.member_id) if order.member_id else None) is not None
            and order_may_link(member, order.placed_at)
        }
        links = [
            NewLink(member.member_id, buyer_id, linked_at=at[code], path="order")
            for code, member in known.items()
            if (buyer_id := wanted[code].links_buyer_id) is not None
        ]
        yield cls(wanted, known, await insert_links(tx, links))
        await forget_wanted_links(tx, wanted)

    def link(self, event: PaymentAuthorized) -> AmazonAccountLinked | None:
        """Return what is published if the order of the payment linked its member."""
        code, member = event.order_code, self.known.get(event.order_code)
        buyer_id = self.wanted[code].links_buyer_id if code in self.wanted else None
        if member is None or buyer_id is None or (member.member_id, buyer_id) not in self.links:
            return None
        self.links.remove((member.member_id, buyer_id))
        return AmazonAccountLinked(
            member_id=member.member_id,
            linked_at=event.authorized_at,
            path="order",
            order_code=code,
            name=member.name,
            email=member.email,
        )
