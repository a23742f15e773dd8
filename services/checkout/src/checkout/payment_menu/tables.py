"""The one row of the payment menu."""

from sqlalchemy import CheckConstraint, Column, DateTime, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB

from checkout.metadata import metadata
from shared.due.rows import due_columns, due_index

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
