"""Tables of the settings that staff change, with the history of changes."""

from sqlalchemy import Column, DateTime, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from checkout.metadata import metadata
from shared.shop.settings.tables import settings_tables

settings, setting_changes = settings_tables(metadata)

# The former release reads these while it still runs. A contract migration removes both.
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
)
