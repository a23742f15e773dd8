"""Tables of mails and of the tries to send them."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from notifications.metadata import metadata
from shared.due.rows import due_columns, due_index

# One row per mail. An event or reference, a kind of mail and a recipient never have two (NTF-15).
mails = Table(
    "mails",
    metadata,
    Column("mail_id", Uuid, primary_key=True),
    # The cause of the mail: an event, or the reference of a use case, and the member of staff who asked for it.
    Column("event_id", Uuid),
    Column("reference", Text),
    Column("requested_by", Text),
    Column("mail", Text, nullable=False),
    Column("audience", Text, nullable=False, server_default="customer"),
    Column("lane", Text, nullable=False, server_default="order"),
    Column("language", Text, nullable=False, server_default="ja"),
    Column("recipient", Text, nullable=False),
    # Computed from the key of the mail, so it is unique without a separate index.
    Column("message_id", Text, nullable=False),
    Column("order_code", Text),
    Column("member_id", Uuid),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    # The positions of typed text: pairs of begin and end. NULL: no typed text, or a row of an earlier release.
    Column("typed", JSONB),
    # The name for staff. NULL in rows of an earlier release: the name from the file.
    Column("title", Text),
    # The request that the one-time link is for. Only the sent message contains the link itself.
    Column("link", JSONB),
    # The event of a mail that is written again before it is sent, because its facts may change meanwhile.
    Column("told", JSONB),
    # The buyer needs this mail to pay. Staff get a call if it is not delivered.
    Column("needed_to_pay", Boolean, nullable=False, server_default="false"),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("first_tried_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    # The trace of the event.
    Column("traceparent", Text),
    *due_columns(),
    UniqueConstraint("event_id", "mail", "recipient"),
)
due_index(mails)
Index("mails_order_code", mails.c.order_code)
Index("mails_created_at", mails.c.created_at)
# Mails without an order. Only these are searched by a part of their address.
Index("mails_about_no_order", mails.c.created_at, postgresql_where=mails.c.order_code.is_(None))
# The address as shared.text.mail_address.COUNTED_MAIL folds it.
Index(
    "mails_mailbox",
    func.regexp_replace(func.lower(mails.c.recipient), text("'[+][^@]*@'"), text("'@'")),
    mails.c.first_tried_at,
    postgresql_where=mails.c.first_tried_at.is_not(None),
)
Index("mails_undelivered", mails.c.state, postgresql_where=mails.c.state.in_(("refused", "gave_up")))

# Every try. A try without an outcome was interrupted: the process died, perhaps after the server accepted the mail.
mail_attempts = Table(
    "mail_attempts",
    metadata,
    Column("mail_id", Uuid, ForeignKey("mails.mail_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("outcome", Text),
    Column("code", Integer),
    Column("answer", Text),
)
