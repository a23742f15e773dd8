"""The table of orders that members stores."""

from sqlalchemy import Column, Index, Integer, Table, Text, Uuid

from members.metadata import MOMENT, metadata

# The owner of an order, and its points.
member_orders = Table(
    "member_orders",
    metadata,
    Column("order_code", Text, primary_key=True),
    Column("member_id", Uuid),
    Column("placed_at", MOMENT, nullable=False),
    Column("points_used", Integer, nullable=False, server_default="0"),
    Column("cancelled_at", MOMENT),
    # The Amazon account that the order links with its member once its payment is authorized.
    Column("links_buyer_id", Text),
    # The revision of the last standing of the order's money that was applied (PaymentStandingChanged).
    Column("money_revision", Integer, nullable=False, server_default="0"),
    Column("note", Text, nullable=False, server_default=""),
)
Index("member_orders_member", member_orders.c.member_id, member_orders.c.placed_at)
