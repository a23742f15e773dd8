"""The table of roles."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table, Text, Uuid

from members.metadata import MOMENT, metadata

staff = Table(
    "staff",
    metadata,
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    Column("role", Text, nullable=False),
    Column("added_at", MOMENT, nullable=False),
    CheckConstraint("role IN ('owner', 'staff')", name="staff_role"),
)
