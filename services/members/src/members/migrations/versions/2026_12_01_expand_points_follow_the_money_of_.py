"""expand points follow the money of an order"""

import sqlalchemy as sa
from alembic import op

revision = "c7f30b8e9a52"
down_revision = "a4d17e0c52b8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "member_orders", sa.Column("money_revision", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("point_grants", sa.Column("number", sa.Integer(), server_default="1", nullable=False))
    op.add_column(
        "point_grants", sa.Column("money_returned", sa.Boolean(), server_default="false", nullable=False)
    )
    op.create_index(
        "point_grants_purchase_number",
        "point_grants",
        ["order_code", "number"],
        unique=True,
        postgresql_where=sa.text("reason = 'purchase'"),
    )
    op.drop_index("point_grants_purchase_once", table_name="point_grants")
    op.create_index(
        "point_postings_once_per_grant",
        "point_postings",
        ["order_code", "kind", "reason", "grant_id"],
        unique=True,
        postgresql_where=sa.text("order_code IS NOT NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index("point_postings_once_per_order", table_name="point_postings")


def downgrade() -> None:
    op.create_index(
        "point_postings_once_per_order",
        "point_postings",
        ["order_code", "kind", "reason"],
        unique=True,
        postgresql_where=sa.text("order_code IS NOT NULL"),
    )
    op.drop_index("point_postings_once_per_grant", table_name="point_postings")
    op.create_index(
        "point_grants_purchase_once",
        "point_grants",
        ["order_code"],
        unique=True,
        postgresql_where=sa.text("reason = 'purchase'"),
    )
    op.drop_index("point_grants_purchase_number", table_name="point_grants")
    op.drop_column("point_grants", "money_returned")
    op.drop_column("point_grants", "number")
    op.drop_column("member_orders", "money_revision")
