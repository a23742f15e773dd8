"""expand orders keep their taxes"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "8e4d8236cc61"
down_revision = "4c7be09d5a31"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "order_lines",
        sa.Column(
            "tax_rate",
            sa.Integer(),
            nullable=True,
            comment="Percent; NULL for orders of earlier releases",
        ),
    )
    op.add_column(
        "order_lines",
        sa.Column("tax_reduced", sa.Boolean(), server_default="false", nullable=False, comment="軽減税率"),
    )
    op.add_column(
        "orders",
        sa.Column(
            "taxes",
            postgresql.JSONB(),
            server_default="[]",
            nullable=False,
            comment="The total by rate of tax; empty for orders of earlier releases",
        ),
    )
    op.add_column(
        "orders",
        sa.Column("tax_rounding", sa.Text(), nullable=True, comment="How the taxes were rounded"),
    )


def downgrade() -> None:
    op.drop_column("orders", "tax_rounding")
    op.drop_column("orders", "taxes")
    op.drop_column("order_lines", "tax_reduced")
    op.drop_column("order_lines", "tax_rate")
