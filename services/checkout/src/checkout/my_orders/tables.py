"""The table of look-ups of orders by guests."""

from sqlalchemy import Column, DateTime, Index, Table, Text, Uuid

from checkout.metadata import metadata

order_look_ups = Table(
    "order_look_ups",
    metadata,
    Column("look_up_id", Uuid, primary_key=True),
    Column("code_sha256", Text, nullable=False),
    Column("client_address", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
Index("order_look_ups_by_code", order_look_ups.c.code_sha256, order_look_ups.c.at)
Index("order_look_ups_by_client", order_look_ups.c.client_address, order_look_ups.c.at)
