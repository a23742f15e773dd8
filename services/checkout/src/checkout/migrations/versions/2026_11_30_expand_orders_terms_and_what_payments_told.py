"""expand orders terms and what payments told: columns in place of a group of methods and of facts in the timeline

While replicas of the former release run, two triggers fill the columns from what those write.
"""

import sqlalchemy as sa
from alembic import op

revision = "3c1f0e9a7d52"
down_revision = "c8d41f0b7e25"
branch_labels = None
depends_on = None

_TERMS = """
    payment_flow = CASE {0}payment_group
        WHEN 'card_like' THEN 'authorized' WHEN 'cash_on_delivery' THEN 'unmanaged' ELSE 'prepaid' END,
    payment_deposit = CASE {0}payment_group
        WHEN 'card_like' THEN 'capture' WHEN 'cash_on_delivery' THEN 'never'
        WHEN 'transfer' THEN 'by_hand' ELSE 'automatic' END,
    paid_before_shipping = {0}payment_group IN ('konbini', 'transfer')
"""
_GROUP, _GROUP_BEFORE = "Read by the former release alone", "Which steps the order takes (Appendix B)"

_FILL_TERMS = """
CREATE FUNCTION orders_fill_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.payment_flow := CASE NEW.payment_group
        WHEN 'card_like' THEN 'authorized' WHEN 'cash_on_delivery' THEN 'unmanaged' ELSE 'prepaid' END;
    NEW.payment_deposit := CASE NEW.payment_group
        WHEN 'card_like' THEN 'capture' WHEN 'cash_on_delivery' THEN 'never'
        WHEN 'transfer' THEN 'by_hand' ELSE 'automatic' END;
    NEW.paid_before_shipping := NEW.payment_group IN ('konbini', 'transfer');
    RETURN NEW;
END $$
"""
_KEEP_TOLD = """
CREATE FUNCTION timeline_keep_told(entry timeline) RETURNS void LANGUAGE plpgsql AS $$
DECLARE facts jsonb := entry.facts;
BEGIN
    IF facts->>'kind' = 'authorization' THEN
        INSERT INTO order_payments AS p
            (order_code, authorization_id, authorized_amount, instrument, provider_status)
        VALUES (entry.order_code, facts->>'authorization_id', CAST(facts->>'amount' AS integer),
            facts->>'instrument', facts->>'provider_status')
        ON CONFLICT (order_code) DO UPDATE SET authorization_id = excluded.authorization_id,
            authorized_amount = excluded.authorized_amount, instrument = excluded.instrument,
            provider_status = excluded.provider_status;
    ELSIF facts->>'kind' = 'number' THEN
        INSERT INTO order_payments AS p
            (order_code, payment_number, number_label, chain_name, confirmation_number, number_due_at, number_page_url,
            number_accepted_until)
        VALUES (entry.order_code, facts->>'number', facts->>'number_label', coalesce(facts->>'chain_name', ''),
            facts->>'confirmation_number', CAST(facts->>'due_at' AS timestamptz), facts->>'page_url',
            CAST(facts->>'accepted_until' AS timestamptz))
        ON CONFLICT (order_code) DO UPDATE SET payment_number = excluded.payment_number,
            number_label = excluded.number_label, chain_name = excluded.chain_name,
            confirmation_number = excluded.confirmation_number, number_due_at = excluded.number_due_at,
            number_page_url = excluded.number_page_url, number_accepted_until = excluded.number_accepted_until;
    ELSIF facts->>'kind' = 'failure' THEN
        INSERT INTO order_payments AS p (order_code, failure) VALUES (entry.order_code, facts->>'reason')
        ON CONFLICT (order_code) DO UPDATE SET failure = excluded.failure;
    END IF;
    IF facts->>'kind' IN ('authorization', 'capture', 'refund') THEN
        INSERT INTO order_money (order_code, kind, amount, authorization_id, route, excess, at)
        VALUES (entry.order_code, CASE facts->>'kind'
            WHEN 'authorization' THEN 'authorized' WHEN 'capture' THEN 'captured' ELSE 'refunded' END,
            CAST(facts->>'amount' AS integer), facts->>'authorization_id', facts->>'route',
            coalesce(CAST(facts->>'excess' AS integer), 0), entry.at);
    END IF;
END $$
"""
_TOLD = "NEW.topic = 'payment' AND NOT NEW.facts ? 'kept'"
_KEEP_TOLD_TRIGGER = """
CREATE FUNCTION timeline_keep_told_of_former_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM timeline_keep_told(NEW);
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    _add_terms()
    op.create_table(
        "order_payments",
        sa.Column("order_code", sa.Text(), nullable=False),
        sa.Column(
            "authorization_id",
            sa.Text(),
            nullable=True,
            comment="Of the newest authorization, as the next three",
        ),
        sa.Column("authorized_amount", sa.Integer(), nullable=True),
        sa.Column("instrument", sa.Text(), nullable=True),
        sa.Column("provider_status", sa.Text(), nullable=True),
        sa.Column(
            "payment_number",
            sa.Text(),
            nullable=True,
            comment="What the buyer pays with, as the next six tell",
        ),
        sa.Column("number_label", sa.Text(), nullable=True),
        sa.Column("chain_name", sa.Text(), nullable=True),
        sa.Column("confirmation_number", sa.Text(), nullable=True),
        sa.Column("number_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("number_page_url", sa.Text(), nullable=True),
        sa.Column(
            "number_accepted_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Until when a late payment is still taken",
        ),
        sa.Column("failure", sa.Text(), nullable=True, comment="Why it failed, in the word of payments"),
        sa.ForeignKeyConstraint(["order_code"], ["orders.code"]),
        sa.PrimaryKeyConstraint("order_code"),
        comment="One row for each order of which payments told anything but money",
    )
    op.create_table(
        "order_money",
        sa.Column("entry_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("authorization_id", sa.Text(), nullable=True, comment="Of what was authorized"),
        sa.Column("route", sa.Text(), nullable=True, comment="By which a refund went back"),
        sa.Column(
            "excess",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="What of a refund was paid too much",
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('authorized', 'captured', 'refunded')", name="order_money_kind"),
        sa.ForeignKeyConstraint(["order_code"], ["orders.code"]),
        sa.PrimaryKeyConstraint("entry_id"),
        comment="Money that was held, taken or given back, a row each time that payments told",
        info={"append_only": True},
    )
    op.create_index("order_money_by_order", "order_money", ["order_code", "entry_id"])
    op.execute(_KEEP_TOLD)
    op.execute(_KEEP_TOLD_TRIGGER)
    op.execute(
        "SELECT count(timeline_keep_told(told)) FROM"
        " (SELECT t FROM timeline AS t WHERE topic = 'payment' ORDER BY entry_id) AS in_order(told)"
    )
    op.execute(
        "CREATE TRIGGER timeline_keep_told AFTER INSERT ON timeline FOR EACH ROW"
        f" WHEN ({_TOLD}) EXECUTE FUNCTION timeline_keep_told_of_former_release()"
    )


def _add_terms() -> None:
    op.add_column("orders", sa.Column("payment_flow", sa.Text(), nullable=True))
    op.add_column(
        "orders",
        sa.Column("payment_deposit", sa.Text(), nullable=True, comment="Who makes the order 入金済み"),
    )
    op.add_column("orders", sa.Column("paid_before_shipping", sa.Boolean(), nullable=True))
    op.execute(f"UPDATE orders SET {_TERMS.format('')}")  # noqa: S608 - our own words
    for column in ("payment_flow", "payment_deposit", "paid_before_shipping"):
        op.alter_column("orders", column, nullable=False)
    op.alter_column("orders", "payment_group", comment=_GROUP, existing_comment=_GROUP_BEFORE)
    op.execute(_FILL_TERMS)
    op.execute(
        "CREATE TRIGGER orders_fill_terms BEFORE INSERT ON orders FOR EACH ROW"
        " WHEN (NEW.payment_flow IS NULL) EXECUTE FUNCTION orders_fill_terms()"
    )
    _make_index("payment_deposit = 'capture'")


def _make_index(by_capture: str) -> None:
    op.drop_index("orders_processed_unpaid", table_name="orders")
    op.create_index(
        "orders_processed_unpaid",
        "orders",
        ["placed_at"],
        postgresql_where=sa.text(f"status = 'processed' AND deposit = 'unpaid' AND {by_capture}"),
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER timeline_keep_told ON timeline")
    op.execute("DROP FUNCTION timeline_keep_told_of_former_release")
    op.execute("DROP FUNCTION timeline_keep_told")
    op.drop_table("order_money")
    op.drop_table("order_payments")
    op.execute("DROP TRIGGER orders_fill_terms ON orders")
    op.execute("DROP FUNCTION orders_fill_terms")
    _make_index("payment_group = 'card_like'")
    op.alter_column("orders", "payment_group", comment=_GROUP_BEFORE, existing_comment=_GROUP)
    for column in ("paid_before_shipping", "payment_deposit", "payment_flow"):
        op.drop_column("orders", column)
