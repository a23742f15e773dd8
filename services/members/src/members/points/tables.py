"""The tables of points: balances, the ledger of postings, grants, and mailboxes that had registration points."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, Uuid

from members.metadata import MOMENT, metadata
from shared.due.rows import due_columns, due_index

point_balances = Table(
    "point_balances",
    metadata,
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    Column("waiting", Integer, nullable=False, server_default="0"),
    Column("active", Integer, nullable=False, server_default="0"),
    Column("held", Integer, nullable=False, server_default="0"),
    Column("entries", Integer, nullable=False, server_default="0"),
    # The debt: the sum of all shortages less all repayments.
    Column("debt", Integer, nullable=False, server_default="0"),
    CheckConstraint("debt >= 0", name="point_balances_debt"),
    CheckConstraint("waiting >= 0", name="point_balances_waiting"),
    CheckConstraint("held >= 0 AND active >= held", name="point_balances_active"),
)

point_postings = Table(
    "point_postings",
    metadata,
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    # Counts from 1 without gaps, so that a missing line shows.
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("active", Integer, nullable=False),
    Column("waiting_after", Integer, nullable=False),
    Column("active_after", Integer, nullable=False),
    Column("shortage", Integer, nullable=False, server_default="0"),
    # Points of this entry that repaid earlier shortages; ``active`` does not contain them.
    Column("repaid", Integer, nullable=False, server_default="0"),
    Column("order_code", Text),
    Column("grant_id", Uuid),
    Column("by", Text, nullable=False, server_default=""),
    Column("posted_at", MOMENT, nullable=False),
    CheckConstraint("waiting_after >= 0 AND active_after >= 0", name="point_postings_after"),
    CheckConstraint("shortage >= 0", name="point_postings_shortage"),
    CheckConstraint("repaid >= 0", name="point_postings_repaid"),
    CheckConstraint(
        "kind IN ('granted', 'activated', 'used', 'returned', 'revoked', 'expired')",
        name="point_postings_kind",
    ),
    info={"append_only": True},
)
# One entry per order, kind, reason and grant (P2); a grant is activated once.
Index(
    "point_postings_once_per_grant",
    point_postings.c.order_code,
    point_postings.c.kind,
    point_postings.c.reason,
    point_postings.c.grant_id,
    unique=True,
    postgresql_nulls_not_distinct=True,
    postgresql_where=point_postings.c.order_code.is_not(None),
)

point_grants = Table(
    "point_grants",
    metadata,
    Column("grant_id", Uuid, primary_key=True),
    Column("member_id", Uuid, ForeignKey("members.member_id"), nullable=False),
    Column("order_code", Text),
    # An order whose points were revoked and are granted again has several grants; the highest number is the last.
    Column("number", Integer, nullable=False, server_default="1"),
    Column("reason", Text, nullable=False),
    Column("points", Integer, nullable=False),
    Column("activation", Text, nullable=False),
    Column("valid_days", Integer),
    Column("state", Text, nullable=False),
    Column("granted_at", MOMENT, nullable=False),
    Column("activated_at", MOMENT),
    Column("expires_at", MOMENT),
    # Whether the grant was revoked because all the money of its order went back.
    Column("money_returned", Boolean, nullable=False, server_default="false"),
    *due_columns(),
    CheckConstraint("points > 0", name="point_grants_points"),
    CheckConstraint("state IN ('waiting', 'active', 'revoked')", name="point_grants_state"),
)
due_index(point_grants)
Index("point_grants_member", point_grants.c.member_id)
Index(
    "point_grants_registration_once",
    point_grants.c.member_id,
    unique=True,
    postgresql_where=point_grants.c.reason == "registration",
)
Index(
    "point_grants_purchase_number",
    point_grants.c.order_code,
    point_grants.c.number,
    unique=True,
    postgresql_where=point_grants.c.reason == "purchase",
)

registration_mailboxes = Table(
    "registration_mailboxes",
    metadata,
    Column("mailbox", Text, primary_key=True, comment="As shared.text.mail_address folds it"),
    Column("member_id", Uuid, ForeignKey("members.member_id"), nullable=False),
    Column("granted_at", MOMENT, nullable=False),
    comment="Proved mailboxes whose registration points were given: one grant each",
    info={"append_only": True},
)
