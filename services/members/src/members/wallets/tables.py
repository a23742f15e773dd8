"""The tables of Amazon links and Amazon logins."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, Uuid

from members.metadata import MOMENT, metadata

# Written once per member and per Amazon account; the moment never changes (MEM-13, X-20). A link that ends is
# moved to ended_amazon_links.
amazon_links = Table(
    "amazon_links",
    metadata,
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    Column("buyer_id", Text, nullable=False, unique=True),
    Column("linked_at", MOMENT, nullable=False),
    Column("path", Text, nullable=False),
    CheckConstraint("path IN ('order', 'registration', 'login')", name="amazon_links_path"),
)

# Ended links: undone by the member, or older than the proof of the address or a password reset.
ended_amazon_links = Table(
    "ended_amazon_links",
    metadata,
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    Column("linked_at", MOMENT, primary_key=True),
    Column("ended_at", MOMENT, primary_key=True),
    Column("buyer_id", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("reason", Text, nullable=False),
    CheckConstraint(
        "reason IN ('undone', 'address_proved', 'password_reset')", name="ended_amazon_links_reason"
    ),
    info={"append_only": True},
)

# Amazon accounts with which somebody registered, linked or not. Each gets immediate registration points only once.
amazon_registrations = Table(
    "amazon_registrations",
    metadata,
    Column("buyer_id", Text, primary_key=True),
    Column("member_id", Uuid, ForeignKey("members.member_id"), nullable=False),
    Column("registered_at", MOMENT, nullable=False),
    info={"append_only": True},
)

# Amazon logins that opened a session. A copy of the statement opens no other session.
used_wallets = Table(
    "used_wallets",
    metadata,
    Column("statement_hash", Text, primary_key=True),
    Column("used_at", MOMENT, nullable=False),
)
Index("used_wallets_used_at", used_wallets.c.used_at)
