"""The tables of staff: roles, invitations, and second factors with their recovery codes."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, Uuid, text

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

# The second factor of a login at the desk: a secret that the person's app shares (RFC 6238). It counts once confirmed.
staff_second_factors = Table(
    "staff_second_factors",
    metadata,
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    Column("secret", Text, nullable=False),
    Column("proposed_at", MOMENT, nullable=False),
    Column("confirmed_at", MOMENT),
    # The step of time of the newest accepted code: no code is accepted twice.
    Column("step", BigInteger, nullable=False, server_default="0"),
)

staff_recovery_codes = Table(
    "staff_recovery_codes",
    metadata,
    Column("code_hash", Text, primary_key=True),
    Column("member_id", Uuid, ForeignKey("members.member_id"), nullable=False),
    Column("made_at", MOMENT, nullable=False),
    Column("used_at", MOMENT),
)
Index("staff_recovery_codes_member", staff_recovery_codes.c.member_id)
