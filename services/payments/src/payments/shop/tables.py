"""The settings of staff, and every change of them."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Table, Text

from payments.metadata import metadata
from shared.shop.settings.tables import settings_tables

settings, setting_changes = settings_tables(metadata)

# The previous release reads these while it still runs. A contracting migration removes both.
shop_settings = Table(
    "shop_settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("changed_by", Text, nullable=False),
)

shop_settings_audit = Table(
    "shop_settings_audit",
    metadata,
    Column("change_id", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("before", Text),
    Column("after", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text, nullable=False),
)
