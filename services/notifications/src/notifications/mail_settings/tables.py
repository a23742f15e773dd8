"""Tables of the settings of mails, with the history of changes."""

from sqlalchemy import ARRAY, Boolean, Column, DateTime, Identity, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from notifications.metadata import metadata
from shared.shop.settings.tables import settings_tables

settings, setting_changes = settings_tables(metadata)

# The former release reads these while it still runs. A contract migration removes both.
mail_settings = Table(
    "mail_settings",
    metadata,
    Column("mail", Text, primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("sender", Text, nullable=False),
    Column("delay_minutes", Integer, nullable=False),
    Column("except_payment_kinds", ARRAY(Text), nullable=False),
)

mail_setting_changes = Table(
    "mail_setting_changes",
    metadata,
    Column("change_id", Integer, Identity(), primary_key=True),
    Column("mail", Text, nullable=False),
    Column("before", JSONB, nullable=False),
    Column("after", JSONB, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
