"""expand orders keep room for their next"""

from alembic import op

revision = "0c8f5e2d7b19"
down_revision = "19929ca1bda5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The room that a page keeps lets a change touch no index where none of the indexed columns changed.
    op.execute("ALTER TABLE member_orders SET (fillfactor = 50)")
    op.execute("ALTER TABLE point_grants SET (fillfactor = 50)")


def downgrade() -> None:
    op.execute("ALTER TABLE point_grants RESET (fillfactor)")
    op.execute("ALTER TABLE member_orders RESET (fillfactor)")
