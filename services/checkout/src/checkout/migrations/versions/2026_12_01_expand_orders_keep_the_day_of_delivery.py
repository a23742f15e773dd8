"""expand orders keep the day of delivery"""

import sqlalchemy as sa
from alembic import op

revision = "03be08711d9e"
down_revision = "8e4d8236cc61"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "order_destinations",
        sa.Column(
            "delivery_date", sa.Date(), nullable=True, comment="お届け希望日; NULL: the buyer asked for none"
        ),
    )


def downgrade() -> None:
    op.drop_column("order_destinations", "delivery_date")
