"""expand orders benefits and memberships: rows in place of facts in the timeline, and comments that name what is there

While replicas of the former release run, a trigger fills the rows from what those write.
"""

import sqlalchemy as sa
from alembic import op

revision = "2f7c90be61d4"
down_revision = "8e2b6d4f1a97"
branch_labels = None
depends_on = None

_COMMENTS = {
    ("order_history", "move"): (
        "An edge of orders/states.py, or 'place'",
        "An edge of domain/order.py, or 'place'",
    ),
    ("timeline", "facts"): (
        "Beside the words; of them pages show a provider's own reason",
        "What the blocks of the page show",
    ),
}
_KEEP = """
CREATE FUNCTION timeline_keep_members(entry timeline) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    facts jsonb := entry.facts;
    kind text := entry.facts->>'kind';
BEGIN
    IF entry.topic = 'points' THEN
        INSERT INTO order_benefits (order_code, kind, points, coupon, at)
        SELECT entry.order_code, told.kind, told.points, told.coupon, entry.at FROM (VALUES
            (kind, CAST(facts->>'points' AS integer), CAST(NULL AS text),
                kind IN ('used', 'granted_pending', 'granted_active', 'activated')),
            ('returned', CAST(facts->>'points' AS integer), NULL, kind = 'returned'),
            ('revoked', CAST(facts->>'revoked' AS integer), NULL, kind = 'returned'),
            (kind, 0, facts->>'coupon', kind IN ('coupon_redeemed', 'coupon_returned'))
        ) AS told(kind, points, coupon, counts)
        WHERE told.counts AND (told.points <> 0 OR told.coupon IS NOT NULL);
    ELSIF kind IN ('registered', 'linked', 'registration_refused') THEN
        INSERT INTO order_memberships (order_code, kind, at)
        VALUES (entry.order_code, CASE kind WHEN 'registration_refused' THEN 'refused' ELSE kind END, entry.at);
    END IF;
END $$
"""
_KEEP_TRIGGER = """
CREATE FUNCTION timeline_keep_members_of_former_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM timeline_keep_members(NEW);
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "order_benefits",
        sa.Column("entry_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("coupon", sa.Text(), nullable=True, comment="Its name, of a coupon"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('used', 'granted_pending', 'granted_active', 'activated', 'returned', 'revoked',"
            " 'coupon_redeemed', 'coupon_returned')",
            name="order_benefits_kind",
        ),
        sa.ForeignKeyConstraint(["order_code"], ["orders.code"]),
        sa.PrimaryKeyConstraint("entry_id"),
        comment="Points and coupons of an order, a row each time that members told",
        info={"append_only": True},
    )
    op.create_index("order_benefits_by_order", "order_benefits", ["order_code", "entry_id"])
    op.create_table(
        "order_memberships",
        sa.Column("entry_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_code", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="What became of the wish to be a member, or a link to a wallet",
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('registered', 'linked', 'refused')", name="order_memberships_kind"),
        sa.ForeignKeyConstraint(["order_code"], ["orders.code"]),
        sa.PrimaryKeyConstraint("entry_id"),
        comment="Who became a member with an order, a row each time that members told",
        info={"append_only": True},
    )
    op.create_index("order_memberships_by_order", "order_memberships", ["order_code"])
    op.execute(_KEEP)
    op.execute(_KEEP_TRIGGER)
    op.execute(
        "SELECT count(timeline_keep_members(told)) FROM (SELECT t FROM timeline AS t"
        " WHERE topic IN ('points', 'member') ORDER BY entry_id) AS in_order(told)"
    )
    op.execute(
        "CREATE TRIGGER timeline_keep_members AFTER INSERT ON timeline FOR EACH ROW"
        " WHEN (NEW.topic IN ('points', 'member') AND NOT NEW.facts ? 'kept')"
        " EXECUTE FUNCTION timeline_keep_members_of_former_release()"
    )
    for (table, column), (new, old) in _COMMENTS.items():
        op.alter_column(table, column, comment=new, existing_comment=old)


def downgrade() -> None:
    for (table, column), (new, old) in _COMMENTS.items():
        op.alter_column(table, column, comment=old, existing_comment=new)
    op.execute("DROP TRIGGER timeline_keep_members ON timeline")
    op.execute("DROP FUNCTION timeline_keep_members_of_former_release")
    op.execute("DROP FUNCTION timeline_keep_members")
    op.drop_table("order_memberships")
    op.drop_table("order_benefits")
