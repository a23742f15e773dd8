"""Tables of the storefront: what is sold, how much is left, carts, settings, and orders being placed.

Stock is counted twice on purpose: ``stock`` is the guarded number that sells (its CHECK makes overselling
impossible), ``stock_entries`` the append-only ledger that explains it (reliability.md P4):
available = initial + received − reserved + released, and what is reserved leaves as shipped.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from checkout.metadata import metadata
from shared.due import due_columns, due_index

products = Table(
    "products",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("maker", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("facts", JSONB, nullable=False, comment="[[label, value], ...] shown under the description"),
    Column("image", Text, nullable=False, comment="File name under /static/shop/goods"),
    Column("unit_price", Integer, nullable=False, comment="Yen, tax included"),
    Column("position", Integer, nullable=False),
    Column("on_sale", Boolean, nullable=False, server_default="true"),
    CheckConstraint("unit_price > 0", name="products_price_positive"),
)

stock = Table(
    "stock",
    metadata,
    Column("sku", Text, ForeignKey("products.sku"), primary_key=True),
    Column("available", Integer, nullable=False),
    Column("reserved", Integer, nullable=False, server_default="0"),
    CheckConstraint("available >= 0", name="stock_available_not_negative"),
    CheckConstraint("reserved >= 0", name="stock_reserved_not_negative"),
)

stock_entries = Table(
    "stock_entries",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("sku", Text, ForeignKey("products.sku"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("reference", Text, nullable=False, comment="Order code, parcel or delivery note: once per reason"),
    Column("available_change", Integer, nullable=False),
    Column("reserved_change", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("note", Text, nullable=False, server_default="", comment="Why, where a person did it"),
    Column("by", Text, nullable=False, server_default="", comment="The person, if one did it"),
    UniqueConstraint("reference", "sku", "reason", name="stock_entries_once"),
    CheckConstraint(
        "reason IN ('initial', 'received', 'reserved', 'released', 'shipped')", name="stock_entries_reason"
    ),
    info={"append_only": True},
)
Index("stock_entries_by_sku", stock_entries.c.sku)

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

method_menu = Table(
    "method_menu",
    metadata,
    Column("menu_id", Integer, primary_key=True),
    Column("methods", JSONB, nullable=False, server_default="[]", comment="As payments last told it"),
    Column("seen_at", DateTime(timezone=True)),
    *due_columns(),
    CheckConstraint("menu_id = 1", name="method_menu_single_row"),
)
due_index(method_menu)

shop_settings = Table(
    "shop_settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", JSONB, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("changed_by", Text, nullable=False),
)

shop_settings_audit = Table(
    "shop_settings_audit",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("before", JSONB),
    Column("after", JSONB, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    info={"append_only": True},
)
