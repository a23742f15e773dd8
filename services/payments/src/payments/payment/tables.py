"""Payments and everything that is stored with them. Money and history are only added to."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from payments.metadata import metadata
from shared.database.search_words import words_table
from shared.due.rows import due_columns, due_index

# One try for one amount. `details` is the rest of rules.payment.Payment. `provider_ids` are the values of `refs`,
# by which notices find their payment. Due: the deadline, or the next look-up without a notice.
payments = Table(
    "payments",
    metadata,
    Column("payment_id", Uuid, primary_key=True),
    Column("order_code", Text, nullable=False),
    Column("try_number", Integer, nullable=False, server_default="1"),
    Column("method", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("captured_amount", BigInteger, nullable=False, server_default="0"),
    Column("suspense_amount", BigInteger, nullable=False, server_default="0"),
    Column("refunded_amount", BigInteger, nullable=False, server_default="0"),
    Column("capture_policy", Text, nullable=False),
    Column("order_cancelled", Boolean, nullable=False, server_default=text("false")),
    # The calls of the payment, with blanks between them.
    Column("attention", Text, nullable=False, server_default=""),
    # The number of published standings. The higher one is newer (PaymentStandingChanged).
    Column("revision", BigInteger, nullable=False, server_default="0"),
    Column("refs", JSONB, nullable=False),
    Column("provider_ids", ARRAY(Text), nullable=False),
    Column("details", JSONB, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    *due_columns(),
    UniqueConstraint("order_code", "try_number", name="payments_one_try_at_a_time"),
)
due_index(payments)
Index("payments_provider_ids", payments.c.provider_ids, postgresql_using="gin")
Index("payments_newest", payments.c.placed_at.desc())
Index("payments_attention", payments.c.placed_at.desc(), postgresql_where=payments.c.attention != "")

# The order as it was placed, for the methods. This is personal data. Apart from the payer's name in
# `payments.details`, no other table of payments has any. Rows are only added, and nothing refers to them.
order_snapshots = Table(
    "order_snapshots",
    metadata,
    Column("order_code", Text, primary_key=True),
    Column("snapshot", JSONB, nullable=False, comment="payments.payment.rules.order.OrderSnapshot"),
    Column("stored_at", DateTime(timezone=True), nullable=False),
    info={"append_only": True},
)

# The search words by which staff find a payment: the code of its order, and the payer.
order_words = words_table(metadata)

# Without gaps: version 1, 2, 3 ... of each payment, each with its state (O4).
payment_history = Table(
    "payment_history",
    metadata,
    Column("payment_id", Uuid, ForeignKey(payments.c.payment_id), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("because", Text, nullable=False),
    # The person at the shop, empty for the service itself, and the person's note.
    Column("by", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("at", DateTime(timezone=True), nullable=False),
    info={"append_only": True},
)

# Requests to providers, stored before they are sent. The id is the idempotency key.
payment_requests = Table(
    "payment_requests",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("payment_id", Uuid, ForeignKey(payments.c.payment_id), nullable=False),
    Column("operation", Text, nullable=False),
    # The number among requests of its kind: the n-th hold and its capture, the n-th refund.
    Column("sequence", Integer, nullable=False, server_default="1"),
    Column("amount", BigInteger, nullable=False),
    # pending (not answered), open (the provider or the buyer is not done), unknown (no clear answer), done,
    # declined, dropped (no longer wanted)
    Column("state", Text, nullable=False, server_default="pending"),
    Column("answer", JSONB),
    Column("written_at", DateTime(timezone=True), nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    # Its cause: an event or the request of a person, with its trace.
    Column("caused_by", Uuid),
    Column("traceparent", Text),
    *due_columns(),
)
due_index(payment_requests)
Index("payment_requests_payment", payment_requests.c.payment_id)
# At most one effective request of each kind and number: a hold is captured once (M1).
Index(
    "payment_requests_once_each",
    payment_requests.c.payment_id,
    payment_requests.c.operation,
    payment_requests.c.sequence,
    unique=True,
    postgresql_where=payment_requests.c.state.not_in(["declined", "dropped"]),
)

# Every movement of money that came in, by the provider's own id of it (M6).
receipts = Table(
    "receipts",
    metadata,
    Column("method", Text, primary_key=True),
    Column("receipt_id", Text, primary_key=True),
    Column("payment_id", Uuid, ForeignKey(payments.c.payment_id), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    info={"append_only": True},
)

# Double entry: each movement is two lines, one debit and one credit of the same amount (M7).
journal_lines = Table(
    "journal_lines",
    metadata,
    Column("line_id", BigInteger, Identity(always=True), primary_key=True),
    Column("payment_id", Uuid, ForeignKey(payments.c.payment_id), nullable=False),
    Column("reason", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("debit", BigInteger, nullable=False),
    Column("credit", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("payment_id", "reason", "subject", "account", name="journal_lines_written_once"),
    info={"append_only": True},
)
# Records of staff, by the id that came with their form. One id is valid for one payment.
Index(
    "journal_lines_of_staff",
    journal_lines.c.subject,
    postgresql_where=journal_lines.c.subject.like("desk:%"),
)
