"""All tables of members. The run role can only add to ledgers and lists of deeds."""

from members.accounts import tables as accounts
from members.addresses import tables as addresses
from members.benefits import tables as benefits
from members.coupons import tables as coupons
from members.deeds import tables as deeds
from members.member_desk import tables as member_desk
from members.metadata import metadata
from members.orders import tables as orders
from members.passwords import tables as passwords
from members.points import tables as points
from members.sessions import tables as sessions
from members.shop_rules import tables as shop_rules
from members.staff import tables as staff
from members.wallets import tables as wallets
from shared.database.outbox import outbox_table
from shared.messaging.inbox import inbox_table
from shared.shop.identity.tables import shop_identity_table

__all__ = [
    "accounts",
    "addresses",
    "benefits",
    "coupons",
    "deeds",
    "member_desk",
    "metadata",
    "orders",
    "passwords",
    "points",
    "sessions",
    "shop_rules",
    "staff",
    "wallets",
]

outbox_table(metadata)
inbox_table(metadata)
shop_identity_table(metadata)
