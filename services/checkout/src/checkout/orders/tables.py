"""Tables of orders: content, state, history and timeline.

``orders`` stores the present state and its version. ``order_history`` has one row per version. ``timeline`` stores the
events around the order, from any service. Rows of the last two never change.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Sequence,
    Table,
    Text,
    Uuid,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from checkout.metadata import metadata
from shared.database.search_words import words_table
from shared.due.rows import due_columns, due_index
from shared.text.mail_address import COUNTED_MAIL

order_numbers = Sequence("order_numbers", start=10_001, metadata=metadata)

orders = Table(
    "orders",
    metadata,
    Column("code", Text, primary_key=True),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("status", Text, nullable=False, server_default="in_progress"),
    Column("deposit", Text, nullable=False, server_default="unpaid"),
    Column("shipping", Text, nullable=False, server_default="unshipped"),
    Column("payment", Text, nullable=False, server_default="awaited", comment="What payments last said"),
    Column("order_kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("payment_kind", Text, nullable=False),
    Column("payment_name", Text, nullable=False),
    Column("payment_group", Text, nullable=False, comment="Read by the former release alone"),
    Column("payment_choice", JSONB, nullable=False),
    Column("items_amount", Integer, nullable=False),
    Column("shipping_fee", Integer, nullable=False),
    Column("payment_fee", Integer, nullable=False),
    Column("point_discount", Integer, nullable=False),
    Column("coupon_discount", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("points_used", Integer, nullable=False),
    Column("coupon", Uuid),
    Column("benefit_reservation_id", Uuid),
    Column("member_id", Uuid, comment="Also the member registered together with the order (AP-08)"),
    # Set by releases with one wallet; read if wallet_buyer_id is empty.
    Column("amazon_buyer_id", Text),
    Column("orderer_name", Text, nullable=False),
    Column("orderer_kana", Text, nullable=False),
    Column("orderer_email", Text, nullable=False),
    Column("orderer_phone", Text, nullable=False),
    Column("orderer_postal_code", Text, nullable=False),
    Column("orderer_prefecture", Text, nullable=False),
    Column("orderer_address1", Text, nullable=False),
    Column("orderer_address2", Text, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    Column("page_url", Text, nullable=False),
    Column("capture_requested_at", DateTime(timezone=True)),
    Column("deposit_date", Date, comment="As staff entered it (PAY-07), else the day of the capture"),
    Column("shipped_at", DateTime(timezone=True)),
    Column("processed_at", DateTime(timezone=True)),
    Column("cancelled_at", DateTime(timezone=True)),
    Column("cancel_reason", Text),
    Column("coupon_name", Text, comment="As the buyer saw it with the order"),
    Column("page_key", Text, comment="Opens the page of this order alone (with its link in mails)"),
    Column(
        "client_address",
        Text,
        comment="Where an order of a guest came from, for the limit of open ones",
    ),
    # The newest standing of the money that payments reported (PaymentStandingChanged).
    Column("standing_revision", Integer, nullable=False, server_default="0"),
    Column(
        "payment_calls", ARRAY(Text), nullable=False, server_default="{}", comment="They ask for a person"
    ),
    Column("captured_amount", Integer, nullable=False, server_default="0"),
    Column("suspense_amount", Integer, nullable=False, server_default="0"),
    Column("refunded_amount", Integer, nullable=False, server_default="0"),
    Column("respond_by", DateTime(timezone=True), comment="Deadline of a chargeback"),
    Column("money_with_us", Integer, comment="Yen, suspense included; NULL: as the payment's state says"),
    Column("money_told_at", DateTime(timezone=True), comment="When money_with_us was true"),
    Column("may_reauthorize", Boolean, nullable=False, server_default="false"),
    Column("reauthorization_requested_at", DateTime(timezone=True)),
    Column(
        "own_calls", ARRAY(Text), nullable=False, server_default="{}", comment="Until staff have seen them"
    ),
    Column(
        "number",
        BigInteger,
        comment="受付番号, short enough to be said; NULL until words and number are given",
    ),
    Column(
        "registers_member",
        Boolean,
        nullable=False,
        server_default="false",
        comment="The buyer asked to become a member with this order",
    ),
    # Reported by payments with the standing.
    Column("charged_back_amount", Integer, nullable=False, server_default="0"),
    Column("lost_amount", Integer, nullable=False, server_default="0"),
    Column("wallet_kind", Text),
    Column("wallet_buyer_id", Text),
    # The terms of the method when the order was placed. They decide the steps of the order.
    Column("payment_flow", Text, nullable=False),
    Column("payment_deposit", Text, nullable=False, comment="Who makes the order 入金済み"),
    Column("paid_before_shipping", Boolean, nullable=False),
    Column(
        "adjustments",
        JSONB,
        nullable=False,
        server_default="[]",
        comment="By rules of the shop: kind, label, yen",
    ),
    Column("adjusted_amount", Integer, nullable=False, server_default="0", comment="Their sum"),
    # Reported by payments with the standing; empty if not reported.
    Column("refunded_elsewhere_amount", Integer),
    Column(
        "taxes",
        JSONB,
        nullable=False,
        server_default="[]",
        comment="The total by rate of tax; empty for orders of earlier releases",
    ),
    Column("tax_rounding", Text, comment="How the taxes were rounded"),
    CheckConstraint("status IN ('in_progress', 'processed', 'cancelled')", name="orders_status"),
    CheckConstraint("deposit IN ('unpaid', 'paid')", name="orders_deposit"),
    CheckConstraint("shipping IN ('unshipped', 'shipped')", name="orders_shipping"),
    CheckConstraint("cancel_reason IN ('staff', 'unpaid', 'payment_failed')", name="orders_cancel_reason"),
    CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="orders_cancelled_at"),
    CheckConstraint(
        "total = items_amount + adjusted_amount + shipping_fee + payment_fee - point_discount - coupon_discount"
        " AND total >= 0",
        name="orders_total",
    ),
)
Index("orders_by_number", orders.c.number, unique=True)
# Orders that a release without numbers placed. Due work numbers them, so the index stays small.
Index("orders_without_number", orders.c.placed_at, postgresql_where=orders.c.number.is_(None))
Index("orders_by_placed", orders.c.placed_at.desc(), orders.c.code)
Index("orders_by_member", orders.c.member_id, orders.c.placed_at.desc())
# The two work lists of the desk stay small, also with many orders.
Index(
    "orders_unshipped",
    orders.c.placed_at.desc(),
    postgresql_where=(orders.c.status == "in_progress") & (orders.c.shipping == "unshipped"),
)
Index(
    "orders_unpaid",
    orders.c.placed_at.desc(),
    postgresql_where=(orders.c.status == "in_progress") & (orders.c.deposit == "unpaid"),
)
# Orders with a call for staff. They are few.
WITH_CALLS: ColumnElement[bool] = literal_column("(payment_calls <> '{}' OR own_calls <> '{}')", Boolean())
Index("orders_with_calls", orders.c.placed_at, postgresql_where=WITH_CALLS)
# Open orders with reserved stock but without secured money: few rows for one buyer. No condition uses a column that
# changes while the order waits for money, so such an update changes no index.
OPEN = "status = 'in_progress' AND deposit = 'unpaid' AND shipping = 'unshipped' AND total > 0"
MAILBOX = COUNTED_MAIL.format(column="orderer_email")
Index(
    "orders_held_by_client",
    orders.c.client_address,
    func.regexp_replace(func.lower(orders.c.orderer_email), text("'[+][^@]*@'"), text("'@'")),
    postgresql_where=text(f"{OPEN} AND client_address IS NOT NULL"),
)
Index("orders_held_by_member", orders.c.member_id, postgresql_where=text(f"{OPEN} AND member_id IS NOT NULL"))
Index(
    "orders_held_by_wallet",
    orders.c.wallet_buyer_id,
    postgresql_where=text(f"{OPEN} AND wallet_buyer_id IS NOT NULL"),
)
# Closed orders whose money was never captured (PAY-11). They are few, and staff easily miss them.
Index(
    "orders_processed_unpaid",
    orders.c.placed_at,
    postgresql_where=(orders.c.status == "processed")
    & (orders.c.deposit == "unpaid")
    & (orders.c.payment_deposit == "capture"),
)

order_words = words_table(metadata)

catch_up = Table(
    "catch_up",
    metadata,
    Column("task", Integer, primary_key=True),
    *due_columns(),
    CheckConstraint("task = 1", name="catch_up_single_row"),
    comment="When to look again for orders without number and words",
)
due_index(catch_up)

order_destinations = Table(
    "order_destinations",
    metadata,
    Column("destination_id", Uuid, primary_key=True),
    Column("order_code", Text, ForeignKey("orders.code"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("postal_code", Text, nullable=False),
    Column("prefecture", Text, nullable=False),
    Column("address1", Text, nullable=False),
    Column("address2", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("ship_date", Date, comment="商品発送日; set once, with the ship step (SHP-20)"),
    Column("carrier", Text),
    Column("tracking_number", Text),
    Column("delivery_date", Date, comment="お届け希望日; NULL: the buyer asked for none"),
)
Index(
    "order_destinations_by_order",
    order_destinations.c.order_code,
    order_destinations.c.position,
    unique=True,
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_code", Text, ForeignKey("orders.code"), primary_key=True),
    Column("line_number", Integer, primary_key=True),
    Column(
        "destination_id",
        Uuid,
        ForeignKey("order_destinations.destination_id", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    Column("sku", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", Integer, nullable=False),
    Column("tax_rate", Integer, comment="Percent; NULL for orders of earlier releases"),
    Column("tax_reduced", Boolean, nullable=False, server_default="false", comment="軽減税率"),
    CheckConstraint("quantity > 0 AND unit_price >= 0", name="order_lines_positive"),
    info={"append_only": True},
)

order_history = Table(
    "order_history",
    metadata,
    Column("order_code", Text, ForeignKey("orders.code"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("move", Text, nullable=False, comment="An edge of the table of states, or 'place'"),
    Column("status", Text, nullable=False),
    Column("deposit", Text, nullable=False),
    Column("shipping", Text, nullable=False),
    Column("payment", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    info={"append_only": True},
)

timeline = Table(
    "timeline",
    metadata,
    Column("entry_id", BigInteger, Identity(), primary_key=True),
    Column("order_code", Text, ForeignKey("orders.code"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("topic", Text, nullable=False, comment="order, payment, points, mail, shipping, member or note"),
    Column("kind", Text, nullable=False, comment="done, wait, stop, note or plain: how the page marks it"),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False, server_default=""),
    Column("by", Text, nullable=False, comment="The person or service that did it"),
    Column(
        "facts",
        JSONB,
        nullable=False,
        server_default="{}",
        comment="Beside the words; of them pages show a provider's own reason",
    ),
    Column("event_id", Uuid, comment="The event that told it, if one did"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint(
        "topic IN ('order', 'payment', 'points', 'mail', 'shipping', 'member', 'note')", name="timeline_topic"
    ),
    CheckConstraint("kind IN ('done', 'wait', 'stop', 'note', 'plain')", name="timeline_kind"),
    info={"append_only": True},
)
Index("timeline_by_order", timeline.c.order_code, timeline.c.at)
