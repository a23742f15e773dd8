"""Notices of providers."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from payments.metadata import metadata
from payments.payment.tables import payments
from shared.due.rows import due_columns, due_index

# Notices exactly as they came, and whether somebody has acted on them.
notices = Table(
    "notices",
    metadata,
    Column("notice_key", Uuid, primary_key=True),
    # The provider's name. A method that is its own provider has the same name.
    Column("method", Text, nullable=False),
    Column("notice_id", Text, nullable=False),
    Column("reference", Text),
    Column("summary", Text, nullable=False, server_default=""),
    Column("body", LargeBinary, nullable=False),
    Column("payment_id", Uuid, ForeignKey(payments.c.payment_id)),
    # Further ids for the look-up, and the chargeback that only the notice has.
    Column("refs", JSONB, nullable=False, server_default="{}"),
    Column("alert", JSONB),
    Column("known", Boolean, nullable=False, server_default=text("true")),
    # new, done, noted (about no payment); for staff: unmatched (no payment has this reference), unknown (a kind
    # that the method does not know), unreadable; seen by staff
    Column("state", Text, nullable=False),
    Column("seen_by", Text, nullable=False, server_default=""),
    Column("received_at", DateTime(timezone=True), nullable=False),
    *due_columns(),
    UniqueConstraint("method", "notice_id", name="notices_stored_once"),
)
due_index(notices)
Index("notices_payment", notices.c.payment_id)
Index(
    "notices_reference", notices.c.method, notices.c.reference, postgresql_where=notices.c.due_at.is_not(None)
)
Index(
    "notices_for_staff",
    notices.c.received_at.desc(),
    postgresql_where=notices.c.state.in_(["unmatched", "unknown", "unreadable"]),
)
