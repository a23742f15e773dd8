"""The table of reservations for orders."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, Text, Uuid, text

from members.metadata import MOMENT, metadata
from shared.due.rows import due_columns, due_index

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
    # The points that the buyer wants now, and the most that a statement in any browser may still claim.
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
