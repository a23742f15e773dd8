"""Tables of what payments and members reported about an order, as the pages of orders show it.

The books of payments and members are the truth. These tables store the reports in the order of consumption. A refund
that was taken back has a second row in ``order_money`` with the negative amount.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
)

from checkout.metadata import metadata

order_payments = Table(
    "order_payments",
    metadata,
    Column("order_code", Text, ForeignKey("orders.code"), primary_key=True),
    Column("authorization_id", Text, comment="Of the newest authorization, as the next three"),
    Column("authorized_amount", Integer),
    Column("instrument", Text),
    Column("provider_status", Text),
    Column("payment_number", Text, comment="What the buyer pays with, as the next six tell"),
    Column("number_label", Text),
    Column("chain_name", Text),
    Column("confirmation_number", Text),
    Column("number_due_at", DateTime(timezone=True)),
    Column("number_page_url", Text),
    Column(
        "number_accepted_until", DateTime(timezone=True), comment="Until when a late payment is still taken"
    ),
    Column("failure", Text, comment="Why it failed, in the word of payments"),
    comment="One row for each order of which payments told anything but money",
)

order_money = Table(
    "order_money",
    metadata,
    Column("entry_id", BigInteger, Identity(), primary_key=True),
    Column("order_code", Text, ForeignKey("orders.code"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("authorization_id", Text, comment="Of what was authorized"),
    Column("route", Text, comment="By which a refund went back"),
    Column(
        "excess", Integer, nullable=False, server_default="0", comment="What of a refund was paid too much"
    ),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("kind IN ('authorized', 'captured', 'refunded')", name="order_money_kind"),
    comment="Money that was held, taken or given back, a row each time that payments told",
    info={"append_only": True},
)
Index("order_money_by_order", order_money.c.order_code, order_money.c.entry_id)

order_benefits = Table(
    "order_benefits",
    metadata,
    Column("entry_id", BigInteger, Identity(), primary_key=True),
    Column("order_code", Text, ForeignKey("orders.code"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("points", Integer, nullable=False, server_default="0"),
    Column("coupon", Text, comment="Its name, of a coupon"),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint(
        "kind IN ('used', 'granted_pending', 'granted_active', 'activated', 'returned', 'revoked',"
        " 'coupon_redeemed', 'coupon_returned')",
        name="order_benefits_kind",
    ),
    comment="Points and coupons of an order, a row each time that members told",
    info={"append_only": True},
)
Index("order_benefits_by_order", order_benefits.c.order_code, order_benefits.c.entry_id)

order_memberships = Table(
    "order_memberships",
    metadata,
    Column("entry_id", BigInteger, Identity(), primary_key=True),
    Column("order_code", Text, ForeignKey("orders.code"), nullable=False),
    Column(
        "kind", Text, nullable=False, comment="What became of the wish to be a member, or a link to a wallet"
    ),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("kind IN ('registered', 'linked', 'refused')", name="order_memberships_kind"),
    comment="Who became a member with an order, a row each time that members told",
    info={"append_only": True},
)
Index("order_memberships_by_order", order_memberships.c.order_code)
