"""expand orders refunded elsewhere"""

import sqlalchemy as sa
from alembic import op

revision = "8e2b6d4f1a97"
down_revision = "450e778fb5cd"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("refunded_elsewhere_amount", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("orders", "refunded_elsewhere_amount")
