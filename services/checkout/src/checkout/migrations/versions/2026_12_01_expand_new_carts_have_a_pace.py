"""expand new carts have a pace"""

import sqlalchemy as sa
from alembic import op

revision = "9d42f7a1c6be"
down_revision = "e61a3c9f0d87"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "new_carts",
        sa.Column("new_cart_id", sa.Uuid(), nullable=False),
        sa.Column("client_address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("new_cart_id"),
    )
    op.create_index("new_carts_by_client", "new_carts", ["client_address", "at"], unique=False)
    op.create_index("new_carts_at", "new_carts", ["at"], unique=False)


def downgrade() -> None:
    op.drop_index("new_carts_at", table_name="new_carts")
    op.drop_index("new_carts_by_client", table_name="new_carts")
    op.drop_table("new_carts")
