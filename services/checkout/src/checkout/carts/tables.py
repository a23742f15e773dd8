"""Tables of carts."""

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from checkout.metadata import metadata

carts = Table(
    "carts",
    metadata,
    Column("cart_id", Uuid, primary_key=True),
    Column("ordered_as", Text, comment="Order code once ordered; NULL again when its payment fails (AP-47)"),
    Column("attempt_key", Text, comment="Idempotency key of the checkout under way"),
    Column("draft", JSONB, nullable=False, server_default="{}", comment="What the order form holds so far"),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("member_id", Uuid, comment="Whose cart it is on every device; null for a guest's"),
)
Index(
    "carts_open_by_member",
    carts.c.member_id,
    postgresql_where=carts.c.member_id.is_not(None) & carts.c.ordered_as.is_(None),
)
Index("carts_by_order", carts.c.ordered_as, postgresql_where=carts.c.ordered_as.is_not(None))
Index("carts_by_change", carts.c.changed_at)

cart_lines = Table(
    "cart_lines",
    metadata,
    Column("cart_id", Uuid, ForeignKey("carts.cart_id", ondelete="CASCADE"), primary_key=True),
    Column("sku", Text, ForeignKey("products.sku"), primary_key=True),
    Column("quantity", Integer, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("quantity BETWEEN 1 AND 99", name="cart_lines_quantity"),
)

# New carts of guests in the last minutes, for the pace of a client address.
new_carts = Table(
    "new_carts",
    metadata,
    Column("new_cart_id", Uuid, primary_key=True),
    Column("client_address", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
Index("new_carts_by_client", new_carts.c.client_address, new_carts.c.at)
Index("new_carts_at", new_carts.c.at)
