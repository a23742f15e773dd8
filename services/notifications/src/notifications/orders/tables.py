"""The table of orders for later mails."""

from sqlalchemy import Column, DateTime, Index, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from notifications.metadata import metadata
from shared.database.search_words import words_table

# The buyer of an order and its content for later mails. Events after OrderPlaced carry only its code.
contacts = Table(
    "contacts",
    metadata,
    Column("order_code", Text, primary_key=True),
    Column("member_id", Uuid),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("placed", JSONB, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    Column("cancelled_at", DateTime(timezone=True)),
    # The present money of a cancelled order, which replaces the amounts of OrderCancelled, and since when.
    Column("ended_money", JSONB),
    Column("ended_money_at", DateTime(timezone=True)),
)
Index("contacts_member_id", contacts.c.member_id)
# The payment methods of all orders, one row for each, with the name in the latest order.
Index("contacts_payment_kind", contacts.c.placed["payment_kind"].astext, contacts.c.placed_at)
order_words = words_table(metadata)
