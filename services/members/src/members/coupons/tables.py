"""The tables of coupons: definitions, issued coupons, and the ledger of their uses."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
)

from members.metadata import MOMENT, metadata

# Defined once and never changed, because members have the coupon under these terms. Only the counter changes (CPN-01).
coupons = Table(
    "coupons",
    metadata,
    Column("coupon_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Integer, nullable=False),
    Column("minimum", Integer, nullable=False),
    Column("expires_at", MOMENT, nullable=False),
    Column("uses_max", Integer),
    Column("member_uses_max", Integer, nullable=False),
    # Counted uses: reserved for an order, or redeemed and not returned (P3).
    Column("uses", Integer, nullable=False, server_default="0"),
    Column("defined_at", MOMENT, nullable=False),
    Column("defined_by", Text, nullable=False),
    CheckConstraint(
        "CASE kind WHEN 'amount_off' THEN value >= 1 WHEN 'percent_off' THEN value BETWEEN 1 AND 100"
        " WHEN 'free_shipping' THEN value = 0 ELSE false END",
        name="coupons_effect",
    ),
    CheckConstraint("minimum >= 0 AND member_uses_max >= 1", name="coupons_terms"),
    CheckConstraint("uses >= 0 AND (uses_max IS NULL OR uses <= uses_max)", name="coupons_uses"),
)
Index("coupons_defined_at", coupons.c.defined_at)

# One row per coupon and member, with the issuer (CPN-03, H4).
issued_coupons = Table(
    "issued_coupons",
    metadata,
    Column("issue_id", Uuid, primary_key=True),
    Column("coupon_id", Uuid, ForeignKey("coupons.coupon_id"), nullable=False),
    Column("member_id", Uuid, ForeignKey("members.member_id"), nullable=False),
    Column("uses_max", Integer, nullable=False),
    Column("uses", Integer, nullable=False, server_default="0"),
    Column("issued_at", MOMENT, nullable=False),
    Column("issued_by", Text, nullable=False),
    CheckConstraint("uses BETWEEN 0 AND uses_max", name="issued_coupons_uses"),
)
Index("issued_coupons_once", issued_coupons.c.coupon_id, issued_coupons.c.member_id, unique=True)
Index("issued_coupons_member", issued_coupons.c.member_id)

# Written while the counted rows are locked, so the numbers have the order of the events.
coupon_entries = Table(
    "coupon_entries",
    metadata,
    Column("number", BigInteger, Identity(), primary_key=True),
    Column("issue_id", Uuid, ForeignKey("issued_coupons.issue_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("change", Integer, nullable=False),
    Column("reservation_id", Uuid, nullable=False),
    Column("order_code", Text),
    Column("entered_at", MOMENT, nullable=False),
    CheckConstraint(
        "CASE kind WHEN 'reserved' THEN change = 1 WHEN 'released' THEN change = -1"
        # 1 if the event of the order arrived after the end of its reservation.
        " WHEN 'redeemed' THEN change IN (0, 1) WHEN 'returned' THEN change = -1 ELSE false END",
        name="coupon_entries_change",
    ),
    CheckConstraint(
        "(order_code IS NOT NULL) = (kind IN ('redeemed', 'returned'))", name="coupon_entries_order"
    ),
    info={"append_only": True},
)
Index(
    "coupon_entries_once",
    coupon_entries.c.reservation_id,
    coupon_entries.c.issue_id,
    coupon_entries.c.kind,
    unique=True,
)
Index(
    "coupon_entries_once_per_order",
    coupon_entries.c.order_code,
    coupon_entries.c.kind,
    unique=True,
    postgresql_where=coupon_entries.c.order_code.is_not(None),
)
Index("coupon_entries_issue", coupon_entries.c.issue_id)
