"""The tables of the settings of points and Amazon login, with the history of changes."""

from sqlalchemy import BigInteger, Column, Identity, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from members.metadata import MOMENT, metadata
from shared.shop.settings.tables import settings_tables

settings, setting_changes = settings_tables(metadata)

# The former release reads this while it still runs. A contract migration removes it.
rule_versions = Table(
    "rule_versions",
    metadata,
    Column("version", BigInteger, Identity(), primary_key=True),
    Column("rules", JSONB, nullable=False),
    Column("changed_at", MOMENT, nullable=False),
    Column("changed_by", Text, nullable=False),
)
