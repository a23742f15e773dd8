"""expand orders that register"""

import sqlalchemy as sa
from alembic import op

revision = "5d0e7b9a41c6"
down_revision = "b05b513cb60f"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "orders",
        sa.Column(
            "registers_member",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="The buyer asked to become a member with this order",
        ),
    )


def downgrade() -> None:
    op.drop_column("orders", "registers_member")
