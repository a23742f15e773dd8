"""Tables of placing: which idempotency key placed which order, and who ordered goods with a limit for one buyer."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, Uuid

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

# Who ordered how many pieces of a listing that has a limit for one buyer; only such orders have rows.
limited_pieces = Table(
    "limited_pieces",
    metadata,
    Column("order_code", Text, ForeignKey("orders.code"), primary_key=True),
    Column("listing_id", Uuid, ForeignKey("listings.listing_id"), primary_key=True),
    Column("buyer", Text, primary_key=True, comment="A hash of one thing by which the buyer is known"),
    Column("pieces", Integer, nullable=False),
    info={"append_only": True},
)
Index("limited_pieces_by_buyer", limited_pieces.c.listing_id, limited_pieces.c.buyer)
