"""Tables of stock: the guarded number and the ledger.

Stock is stored twice on purpose. ``stock`` is the guarded number; its CHECK makes overselling impossible.
``stock_entries`` is the append-only ledger that explains it (promise P4): available = initial + received − reserved +
released + corrected + counted. Reserved pieces end as shipped.
"""

from sqlalchemy import (
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

from checkout.metadata import metadata

stock = Table(
    "stock",
    metadata,
    Column("sku", Text, ForeignKey("products.sku"), primary_key=True),
    Column("available", Integer, nullable=False),
    Column("reserved", Integer, nullable=False, server_default="0"),
    Column("low_at", Integer, nullable=False, server_default="5", comment="So many pieces or fewer are few"),
    CheckConstraint("low_at >= 0", name="stock_low_at_not_negative"),
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
        "reason IN ('initial', 'received', 'reserved', 'released', 'shipped', 'corrected', 'counted')",
        name="stock_entries_reason",
    ),
    info={"append_only": True},
)
Index("stock_entries_by_sku", stock_entries.c.sku)
