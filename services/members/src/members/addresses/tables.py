"""The table of links requested by mail."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, Uuid, text

from members.metadata import MOMENT, metadata

# A requested link. It is valid once, and only until a newer one is requested.
mail_requests = Table(
    "mail_requests",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("member_id", Uuid, ForeignKey("members.member_id"), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("asked_at", MOMENT, nullable=False),
    Column("expires_at", MOMENT, nullable=False),
    Column("used_at", MOMENT),
    Column("void_at", MOMENT),
    CheckConstraint("purpose IN ('password_reset', 'email_verification')", name="mail_requests_purpose"),
)
Index(
    "mail_requests_open",
    mail_requests.c.member_id,
    mail_requests.c.purpose,
    unique=True,
    postgresql_where=text("used_at IS NULL AND void_at IS NULL"),
)
