"""expand shop identity heard of"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "6747a191f247"
down_revision = "3e90d5b8a1f7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shop_identity",
        sa.Column("shop_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, comment="Of the event; a higher one is newer"),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("shop_id = 1", name="shop_identity_is_one_row"),
        sa.PrimaryKeyConstraint("shop_id"),
    )


def downgrade() -> None:
    op.drop_table("shop_identity")
