"""The two tables of settings that each service has."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB


def settings_tables(metadata: MetaData) -> tuple[Table, Table]:
    """Declare ``settings``, a row for each setting that was ever changed, and ``setting_changes``, a row for each change."""
    settings = Table(
        "settings",
        metadata,
        Column("group_name", Text, primary_key=True),
        Column("subject", Text, primary_key=True, comment="What the group is about; empty: the shop"),
        Column("name", Text, primary_key=True),
        Column("value", JSONB, nullable=False),
        Column("version", BigInteger, nullable=False, comment="The change that made it so"),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        Column("changed_by", Text, nullable=False),
    )
    changes = Table(
        "setting_changes",
        metadata,
        Column("change_id", BigInteger, Identity(), primary_key=True),
        Column("group_name", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("before", JSONB, nullable=False),
        Column("after", JSONB, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("by", Text, nullable=False),
        info={"append_only": True},
    )
    Index("setting_changes_of_group", changes.c.group_name, changes.c.subject, changes.c.name)
    return settings, changes
