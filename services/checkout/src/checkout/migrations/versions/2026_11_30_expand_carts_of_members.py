"""Carts of members: one cart on every device.

Revision ID: 7ca557a8c69f
"""

import sqlalchemy as sa
from alembic import op

revision = "7ca557a8c69f"
down_revision = "071204957259"
branch_labels = None
depends_on = None

_OPEN = sa.text("member_id IS NOT NULL AND ordered_as IS NULL")


def upgrade() -> None:
    op.add_column(
        "carts",
        sa.Column("member_id", sa.Uuid(), comment="Whose cart it is on every device; null for a guest's"),
    )
    op.create_index("carts_open_by_member", "carts", ["member_id"], unique=False, postgresql_where=_OPEN)


def downgrade() -> None:
    op.drop_index("carts_open_by_member", table_name="carts", postgresql_where=_OPEN)
    op.drop_column("carts", "member_id")
