"""The metadata of all tables of checkout, with the tables that belong to no slice."""

from sqlalchemy import Column, DateTime, Index, MetaData, Table, Uuid

from shared.database.outbox import outbox_table
from shared.messaging.inbox import inbox_table

metadata = MetaData()
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)

revoked_sessions = Table(
    "revoked_sessions",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("member_id", Uuid, nullable=False),
    Column("session_id", Uuid, comment="NULL: all sessions of the member"),
    Column("issued_until", DateTime(timezone=True), nullable=False),
    info={"append_only": True},
)
Index("revoked_sessions_by_member", revoked_sessions.c.member_id)
