"""The versions of the rules."""

from sqlalchemy import BigInteger, Column, Identity, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from members.metadata import MOMENT, metadata

# The versions are the audit: who set what and when; the row before holds the earlier values (H4).
rule_versions = Table(
    "rule_versions",
    metadata,
    Column("version", BigInteger, Identity(), primary_key=True),
    Column("rules", JSONB, nullable=False),
    Column("changed_at", MOMENT, nullable=False),
    Column("changed_by", Text, nullable=False),
    info={"append_only": True},
)
