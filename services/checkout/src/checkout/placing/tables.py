"""The table of placements: which idempotency key placed which order."""

from sqlalchemy import Column, DateTime, Index, Integer, Table, Text, UniqueConstraint, Uuid

from checkout.metadata import metadata

placements = Table(
    "placements",
    metadata,
    Column("key", Text, primary_key=True, comment="Idempotency key chosen by the buyer's side"),
    Column("request_sha256", Text, nullable=False),
    Column("order_code", Text, nullable=False),
    Column("total", Integer),
    Column("confirm_path", Text),
    Column("cart_id", Uuid),
    Column("benefit_reservation_id", Uuid, comment="Set aside for one order: used once"),
    Column("wallet_session_id", Text, comment="A wallet's session pays one order"),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("benefit_reservation_id", name="placements_benefit_once"),
    UniqueConstraint("wallet_session_id", name="placements_wallet_once"),
)
Index("placements_by_order", placements.c.order_code)
