"""expand orders have adjustments"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "450e778fb5cd"
down_revision = "3c1f0e9a7d52"
branch_labels = None
depends_on = None

BEFORE = "items_amount + shipping_fee + payment_fee - point_discount - coupon_discount"
NOW = "items_amount + adjusted_amount + shipping_fee + payment_fee - point_discount - coupon_discount"


def upgrade() -> None:
    op.add_column(
        "orders",
        sa.Column(
            "adjustments",
            postgresql.JSONB(),
            server_default="[]",
            nullable=False,
            comment="By rules of the shop: kind, label, yen",
        ),
    )
    op.add_column(
        "orders",
        sa.Column("adjusted_amount", sa.Integer(), server_default="0", nullable=False, comment="Their sum"),
    )
    _let_total_be(NOW)


def downgrade() -> None:
    _let_total_be(BEFORE)
    op.drop_column("orders", "adjusted_amount")
    op.drop_column("orders", "adjustments")


def _let_total_be(total: str) -> None:
    # Rows are looked through without keeping anybody from writing.
    op.execute("ALTER TABLE orders DROP CONSTRAINT orders_total")
    op.execute(
        f"ALTER TABLE orders ADD CONSTRAINT orders_total CHECK (total = {total} AND total >= 0) NOT VALID"
    )
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT orders_total")
