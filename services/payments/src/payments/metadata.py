"""All tables of payments, and those of the shared mechanisms. Each slice adds its own in its ``tables.py``."""

from sqlalchemy import Column, DateTime, Index, MetaData, Table, Uuid

from shared.database.outbox import outbox_table
from shared.messaging.inbox import inbox_table
from shared.shop.identity.tables import shop_identity_table

metadata = MetaData()
outbox_table(metadata)
inbox_table(metadata)
shop_identity_table(metadata)

# The sessions that members has ended. The desk refuses them as soon as the event was consumed (A2).
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
