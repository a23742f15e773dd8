"""What staff set, and every change of it. Audit rows are only ever added."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Table, Text

from payments.metadata import metadata

# What staff set: the capture policy, and per method its display name and whether it is offered.
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
    info={"append_only": True},
)
