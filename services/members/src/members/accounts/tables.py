"""The tables of accounts: members, and the history of their passwords."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Table, Text, Uuid, text

from members.metadata import MOMENT, metadata

members = Table(
    "members",
    metadata,
    Column("member_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kana", Text, nullable=False, server_default=""),
    Column("email", Text, nullable=False),
    # The form in which addresses are compared: one account per address, without regard to capital letters (A1).
    Column("email_key", Text, nullable=False, unique=True),
    Column("phone", Text, nullable=False, server_default=""),
    Column("postal_code", Text, nullable=False, server_default=""),
    Column("prefecture", Text, nullable=False, server_default=""),
    Column("address1", Text, nullable=False, server_default=""),
    Column("address2", Text, nullable=False, server_default=""),
    Column("newsletter", Boolean, nullable=False, server_default=text("false")),
    # NULL: the member never had a password and logs in with Amazon (MEM-06).
    Column("password_hash", Text),
    Column("registered_at", MOMENT, nullable=False),
    Column("registered_via", Text, nullable=False),
    Column("order_code", Text),
    # When a link mailed to the address, or Amazon, proved it. NULL until then (MEM-38).
    Column("email_verified_at", MOMENT),
    # When all logins, or another one, were last ended. Earlier checks are void.
    Column("sessions_ended_at", MOMENT),
    # When any login was last ended, also by a logout. An earlier Amazon login is no longer valid.
    Column("amazon_login_after", MOMENT),
    CheckConstraint("registered_via IN ('form', 'amazon', 'order', 'desk')", name="members_registered_via"),
)
Index("members_registered_at", members.c.registered_at)

# Every password the account ever had, the present one included (MEM-22).
past_passwords = Table(
    "past_passwords",
    metadata,
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    Column("set_at", MOMENT, primary_key=True),
    Column("password_hash", Text, nullable=False),
    info={"append_only": True},
)
