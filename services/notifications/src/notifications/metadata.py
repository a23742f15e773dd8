"""The metadata of all tables, with the tables of messaging and sessions: outbox, inbox, and ended sessions."""

from sqlalchemy import Column, DateTime, Index, MetaData, Table, Uuid

from shared.database.outbox import outbox_table
from shared.messaging.inbox import inbox_table
from shared.shop.identity.tables import shop_identity_table

metadata = MetaData()
outbox_table(metadata)
inbox_table(metadata)
shop_identity_table(metadata)

# Sessions that members ended: all of a member's up to a moment, or one alone.
revoked_sessions = Table(
    "revoked_sessions",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("member_id", Uuid, nullable=False),
    Column("session_id", Uuid),
    Column("issued_until", DateTime(timezone=True), nullable=False),
)
Index("revoked_sessions_member_id", revoked_sessions.c.member_id)
