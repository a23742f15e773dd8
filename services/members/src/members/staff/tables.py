"""The tables of staff: roles, and invitations."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, Uuid, text

from members.metadata import MOMENT, metadata

# `staff` is a role of the former release, whose command may still write it.
_ROLES = "role IN ('owner', 'manager', 'orders', 'money', 'support', 'ops', 'read_only', 'staff')"

staff = Table(
    "staff",
    metadata,
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    Column("role", Text, nullable=False),
    Column("added_at", MOMENT, nullable=False),
    # A disabled person keeps the role but cannot log in at the desk.
    Column("disabled_at", MOMENT),
    CheckConstraint(_ROLES, name="staff_role"),
)

# A person who may become staff by the link of a mail. Each is valid once, and only until a newer one to the address.
staff_invitations = Table(
    "staff_invitations",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    # The member with this address, or the id that a new member will get.
    Column("member_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("invited_by", Text, nullable=False),
    Column("invited_at", MOMENT, nullable=False),
    Column("expires_at", MOMENT, nullable=False),
    Column("used_at", MOMENT),
    Column("void_at", MOMENT),
    CheckConstraint(_ROLES, name="staff_invitations_role"),
)
Index(
    "staff_invitations_open",
    staff_invitations.c.email_key,
    unique=True,
    postgresql_where=text("used_at IS NULL AND void_at IS NULL"),
)
