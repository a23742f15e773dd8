"""expand orders link when authorized"""

import sqlalchemy as sa
from alembic import op

revision = "3e90d5b8a1f7"
down_revision = "c7f30b8e9a52"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("member_orders", sa.Column("links_buyer_id", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("member_orders", "links_buyer_id")
