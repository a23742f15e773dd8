"""The tables of points: balances, the ledger of postings, grants, and what orders spend and set aside."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)

from members.metadata import MOMENT, metadata
from shared.due import due_columns, due_index

point_balances = Table(
    "point_balances",
    metadata,
    Column("member_id", Uuid, ForeignKey("members.member_id"), primary_key=True),
    Column("waiting", Integer, nullable=False, server_default="0"),
    Column("active", Integer, nullable=False, server_default="0"),
    Column("held", Integer, nullable=False, server_default="0"),
    Column("entries", Integer, nullable=False, server_default="0"),
    # What could not be taken and was not paid since: the sum of all shortages less all that was repaid.
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
    # What came in and went to earlier shortages; it is not in ``active``.
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
# One entry per order, kind and reason (P2); a grant is activated once.
Index(
    "point_postings_once_per_order",
    point_postings.c.order_code,
    point_postings.c.kind,
    point_postings.c.reason,
    unique=True,
    postgresql_where=point_postings.c.order_code.is_not(None),
)

point_grants = Table(
    "point_grants",
    metadata,
    Column("grant_id", Uuid, primary_key=True),
    Column("member_id", Uuid, ForeignKey("members.member_id"), nullable=False),
    Column("order_code", Text),
    Column("reason", Text, nullable=False),
    Column("points", Integer, nullable=False),
    Column("activation", Text, nullable=False),
    Column("valid_days", Integer),
    Column("state", Text, nullable=False),
    Column("granted_at", MOMENT, nullable=False),
    Column("activated_at", MOMENT),
    Column("expires_at", MOMENT),
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
    "point_grants_purchase_once",
    point_grants.c.order_code,
    unique=True,
    postgresql_where=point_grants.c.reason == "purchase",
)

# What members knows of an order: whose it is and what it did to points.
member_orders = Table(
    "member_orders",
    metadata,
    Column("order_code", Text, primary_key=True),
    Column("member_id", Uuid),
    Column("placed_at", MOMENT, nullable=False),
    Column("points_used", Integer, nullable=False, server_default="0"),
    Column("cancelled_at", MOMENT),
    Column("note", Text, nullable=False, server_default=""),
)
Index("member_orders_member", member_orders.c.member_id, member_orders.c.placed_at)

benefit_reservations = Table(
    "benefit_reservations",
    metadata,
    Column("reservation_id", Uuid, primary_key=True),
    # A member to be has no row in members yet, so this is no foreign key.
    Column("member_id", Uuid, nullable=False),
    Column("buyer_id", Text),
    # The address that a member to be is going to register with, as addresses are compared.
    Column("email_key", Text),
    Column("registration", Boolean, nullable=False),
    # What the buyer wants now, and the most that any statement still in a browser may claim.
    Column("points", Integer, nullable=False),
    Column("points_held", Integer, nullable=False),
    # The coupon that the buyer wants now; the ledger of coupons says what else is set aside with it.
    Column("issue_id", Uuid),
    Column("status", Text, nullable=False),
    Column("order_code", Text),
    Column("made_at", MOMENT, nullable=False),
    Column("ended_at", MOMENT),
    *due_columns(),
    CheckConstraint("points >= 0 AND points_held >= points", name="benefit_reservations_points"),
    CheckConstraint("status IN ('held', 'committed', 'released')", name="benefit_reservations_status"),
)
due_index(benefit_reservations)
Index("benefit_reservations_member", benefit_reservations.c.member_id)
Index(
    "benefit_reservations_registering_address",
    benefit_reservations.c.email_key,
    postgresql_where=benefit_reservations.c.email_key.is_not(None),
)
Index(
    "benefit_reservations_registering_buyer",
    benefit_reservations.c.buyer_id,
    unique=True,
    postgresql_where=text("registration AND status = 'held'"),
)
